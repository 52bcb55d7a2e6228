"""Every record gets an outcome: no value can stop the flow."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.fixtures.error_watch import ExpectErrors

from event_platform.core.rules import fast_path
from event_platform.core.rules.outcome import DeadLetter, EventIdentity, Storable
from event_platform.core.rules.validate import ValidationRules
from event_platform.processor import pipeline
from event_platform.processor.polled_records import PolledRecords, Record, Span
from event_platform.processor.storage import binary_copy

fast_decode_row = fast_path.decode_row

RULES = ValidationRules(frozenset({1, 2}), 30)
NOW = datetime(2026, 1, 31, 12, tzinfo=UTC)

# Python's own encoder also writes what strict JSON lacks, and what UTF-8 cannot hold as escapes.
_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(codec=None)) | st.just(10**400),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(st.characters(codec=None)), inner, max_size=4),
    max_leaves=12,
)

GOOD_EVENT = {
    "event_id": "e",
    "event_type": "t",
    "schema_version": 1,
    "occurred_at": "2026-01-31T12:00:00Z",
    "payload": {"a": 1},
}
GOOD = {
    "tenant_id": "tenant_a",
    "received_at": "2026-01-31T12:00:00.000000Z",
    "request_id": "req_00000000-0000-7000-8000-000000000000",
    "idempotency_key": "k",
    "event": GOOD_EVENT,
}


def outcome_of(value: bytes | None) -> Storable | DeadLetter:
    """Decide on one record, and check that its outcome can be encoded."""
    batch = pipeline.decide(PolledRecords("t", (Record(0, 0, value),), {0: Span(0, 1)}), RULES, NOW)
    (outcome,) = batch.outcomes
    if isinstance(outcome, Storable):
        binary_copy.encode([outcome.row])
        binary_copy.encode_staged([(0, outcome.row)])
    else:
        assert "the processor fails on it" not in outcome.reason
    return outcome


def test_lone_surrogate_in_the_id_leaves_it_out() -> None:
    """A lone surrogate in event_id makes a dead letter without event_id, rather than one with a repaired id."""
    event = {**GOOD_EVENT, "event_id": "e\ud800"}
    outcome = outcome_of(json.dumps({**GOOD, "event": event}).encode())
    assert isinstance(outcome, DeadLetter)
    assert outcome.identity == EventIdentity("tenant_a", None, "k", "req_00000000-0000-7000-8000-000000000000")


@pytest.mark.parametrize("name", GOOD)
def test_last_of_repeated_wrapper_members_counts(name: str) -> None:
    """The last of several members with the same name counts, whatever type the earlier ones have, as in the event."""
    value = json.dumps(GOOD).encode()
    assert isinstance(outcome_of(b'{"%b":5,%b' % (name.encode(), value[1:])), Storable)
    assert isinstance(outcome_of(b'%b,"%b":5}' % (value[:-1], name.encode())), DeadLetter)


def fail_on(value: bytes) -> Callable[..., Any]:
    """Make a `fast_path.decode_row` with a bug that shows on one value only."""

    def decode_row(found: bytes, *rest: Any) -> Any:  # noqa: ANN401 - as the real one
        if found == value:
            raise KeyError("mistake")
        return fast_decode_row(found, *rest)

    return decode_row


def unencodable(value: bytes) -> Callable[..., Any]:
    """Make a `fast_path.decode_row` whose bug shows only when the row is encoded."""

    def decode_row(found: bytes, *rest: Any) -> Any:  # noqa: ANN401 - as the real one
        row = fast_decode_row(found, *rest)
        return msgspec.structs.replace(row, schema_version="1") if row and found == value else row

    return decode_row


@pytest.mark.parametrize(
    ("mistake", "reason", "tenant_id"),
    [(fail_on, "KeyError: 'mistake'", None), (unencodable, "error: required argument is not an integer", "tenant_a")],
)
def test_a_bug_dead_letters_only_the_record_that_triggers_it(
    monkeypatch: pytest.MonkeyPatch,
    expect_errors: ExpectErrors,
    mistake: Callable[[bytes], Callable[..., Any]],
    reason: str,
    tenant_id: str | None,
) -> None:
    """A bug that one record triggers makes it a dead letter and logs an error; the records around it are stored."""
    expect_errors("record cannot be processed")
    good, odd = (json.dumps({**GOOD, "idempotency_key": key}).encode() for key in ("good", "odd"))
    monkeypatch.setattr(fast_path, "decode_row", mistake(odd))
    records = tuple(Record(0, offset, value) for offset, value in enumerate((good, odd, good)))
    first, dead, last = pipeline.decide(PolledRecords("t", records, {0: Span(0, 3)}), RULES, NOW).outcomes
    assert isinstance(first, Storable)
    assert isinstance(last, Storable)
    assert isinstance(dead, DeadLetter)
    assert (dead.code, dead.identity.tenant_id) == ("UNSTORABLE", tenant_id)
    assert dead.reason == f"UNSTORABLE: the processor fails on it: {reason}"


@given(st.binary() | st.none())
def test_random_bytes_are_dead_letters(value: bytes | None) -> None:
    """Random bytes become dead letters."""
    assert isinstance(outcome_of(value), DeadLetter)


@settings(max_examples=300)
@given(st.sampled_from([*GOOD, *GOOD_EVENT, "another", "\x00", "\ud800"]), _json)
def test_any_value_in_any_place_has_an_outcome(name: str, value: Any) -> None:  # noqa: ANN401 - any value is the point
    """Any JSON value in any member raises nothing, and every row can be encoded."""
    wrapper: dict[str, Any] = {**GOOD, "event": dict(GOOD_EVENT)}
    (wrapper if name in GOOD else wrapper["event"])[name] = value
    outcome_of(json.dumps(wrapper).encode())
    outcome_of(json.dumps(wrapper, ensure_ascii=False).encode(errors="surrogatepass"))


@given(st.integers(0, 300), st.data())
def test_a_damaged_value_has_an_outcome(length: int, data: st.DataObject) -> None:
    """A value that is truncated anywhere, or has one byte changed, raises nothing."""
    text = bytearray(json.dumps(GOOD).encode())
    outcome_of(bytes(text[:length]))
    text[data.draw(st.integers(0, len(text) - 1))] = data.draw(st.integers(0, 255))
    outcome_of(bytes(text))


def test_the_undamaged_value_is_stored() -> None:
    """The value that the other tests damage is valid itself."""
    assert isinstance(outcome_of(json.dumps(GOOD).encode()), Storable)
