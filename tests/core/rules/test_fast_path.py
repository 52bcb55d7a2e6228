"""The fast path makes the rows of the full path, and takes nothing that cannot be stored."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.core.rules.sample_events import GOOD, NOW_US, RULES, WRAPPER, decide_by_full_path, events

from event_platform.core.rules import fast_path
from event_platform.core.rules.outcome import Storable


@given(
    events,
    st.sampled_from(["tenant_a", "bad tenant", ""]),
    st.sampled_from(["k", "é", "k k", "k" * 256]),
    st.booleans(),
)
def test_fast_path_equals_full_path(event: dict[str, Any], tenant: str, key: str, is_escaped: bool) -> None:  # noqa: FBT001 - drawn by name
    """A row that the fast path makes is the row that decoding, validating and enriching make."""
    wrapper = {**WRAPPER, "tenant_id": tenant, "idempotency_key": key, "event": event}
    value = json.dumps(wrapper, ensure_ascii=is_escaped).encode("utf-8", "surrogatepass")
    row = fast_path.decode_row(value, RULES, NOW_US)
    assert row is None or decide_by_full_path(value) == Storable(row)


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"event_id": "0190e123-0e45-70e6-8e00-12e4567890e1"},
        {"payload": {"name": "Zoë ☃", "amount": 1.5e2}},
        {"occurred_at": "2026-01-31T12:00:00Z"},
        {"occurred_at": "2026-01-31T13:00:00.123+01:00"},
    ],
)
def test_ordinary_events_take_the_fast_path(changes: dict[str, Any]) -> None:
    """So does a request id whose digits look like a number."""
    wrapper = {**WRAPPER, "request_id": "req_0190e123-0e45-70e6-8e00-12e4567890e1", "event": GOOD | changes}
    value = json.dumps(wrapper, ensure_ascii=False).encode()
    assert fast_path.decode_row(value, RULES, NOW_US)


@pytest.mark.parametrize(
    ("usual", "other"),
    [
        (b'"e-1"', b'"e\\u0000"'),
        (b'"order.created"', b'"\\u0000"'),
        (b'{"a": 1}', b'{"a": "\\u0000"}'),
        (b'{"a": 1}', b'{"a": "\xff"}'),
        (b'{"a": 1}', b'{"a": 1.' + b"1" * 40 + b"}"),
        (b'{"a": 1}', b'{"a": 1E-401}'),
        (b'{"a": 1}', b'{"a": ' + b"[" * 63 + b"]" * 63 + b"}"),
    ],
)
def test_unstorable_events_leave_the_fast_path(usual: bytes, other: bytes) -> None:
    """Neither jsonb nor text accepts these values, or only with other digits."""
    value = json.dumps({**WRAPPER, "event": GOOD}).encode().replace(usual, other)
    assert other in value
    assert fast_path.decode_row(value, RULES, NOW_US) is None
