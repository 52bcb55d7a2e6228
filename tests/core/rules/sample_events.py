"""An ordinary event, drawn ones, and the outcome of a record's value."""

import json
from datetime import UTC, datetime
from typing import Any

from hypothesis import strategies as st

from event_platform.core.rules import fast_path, timestamps
from event_platform.core.rules.decode import decode
from event_platform.core.rules.enrich import enrich
from event_platform.core.rules.outcome import DeadLetter, Outcome, Storable, dead_letter_for
from event_platform.core.rules.validate import ValidationRules, ValidEvent, validate

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)


NOW_US = timestamps.from_datetime(NOW)
RULES = ValidationRules(frozenset({1, 3}), 30)


GOOD: dict[str, Any] = {
    "event_id": "e-1",
    "event_type": "order.created",
    "schema_version": 1,
    "occurred_at": "2026-11-23T11:59:59Z",
    "payload": {"a": 1},
}


WRAPPER = {
    "tenant_id": "tenant_a",
    "received_at": "2026-11-23T12:00:00.000001Z",
    "request_id": "req_0192f0c1-0000-7000-8000-000000000001",
    "idempotency_key": "k",
}


def decide(event: object, **wrapper: object) -> Outcome:
    """The outcome of a record with ``event``; fields of its wrapper by name."""
    return decide_value(json.dumps({**WRAPPER, **wrapper, "event": event}).encode())


def decide_value(value: bytes, now_us: int | None = NOW_US) -> Outcome:
    """The outcome of a record's value, by the fast path or else the full one."""
    row = fast_path.decode_row(value, RULES, now_us)
    return Storable(row) if row else decide_by_full_path(value, now_us)


def decide_by_full_path(value: bytes, now_us: int | None = NOW_US) -> Outcome:
    """Decode, validate and enrich a record's value."""
    decoded = decode(value)
    if isinstance(decoded, DeadLetter):
        return decoded
    valid = validate(decoded, value, RULES, now_us)
    if isinstance(valid, ValidEvent):
        return Storable(enrich(decoded, valid))
    return dead_letter_for(valid, decoded.identity())


_any_value = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)


_members = {
    "event_id": st.sampled_from(["e", "", "é" * 512, "é" * 513, "x" * 1024, "x" * 1025, "a\x00"]) | _any_value,
    "event_type": st.sampled_from(["t", "", "t" * 200, "t" * 201, "é" * 200, "😀" * 201]) | _any_value,
    "schema_version": st.sampled_from([1, 2, 3, 0, -1, True, 1.0, "1", 10**12]) | _any_value,
    "occurred_at": st.datetimes().map(lambda moment: f"{moment.isoformat()}Z") | _any_value,
    "payload": st.dictionaries(st.text(), _any_value, max_size=3) | _any_value,
}


events = st.fixed_dictionaries({}, optional=_members)
