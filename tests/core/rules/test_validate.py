"""The validator against a second, independent statement of the rules."""

import json
import string
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from event_platform.core.rules import fast_path, timestamps
from event_platform.core.rules.outcome import Dead, Outcome, Store
from event_platform.core.rules.validate import Rules
from event_platform.processor import pipeline
from event_platform.processor.records import Record

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
RULES = Rules(frozenset({1, 3}), 30)

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
    """What becomes of an event."""
    value = json.dumps({**WRAPPER, **wrapper, "event": event}).encode()
    return pipeline.outcome_of(Record(0, 0, value), RULES, timestamps.from_datetime(NOW))


any_value = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)
members = {
    "event_id": st.sampled_from(["e", "", "é" * 512, "é" * 513, "x" * 1024, "x" * 1025, "a\x00"]) | any_value,
    "event_type": st.sampled_from(["t", "", "t" * 200, "t" * 201, "é" * 200, "😀" * 201]) | any_value,
    "schema_version": st.sampled_from([1, 2, 3, 0, -1, True, 1.0, "1", 10**12]) | any_value,
    "occurred_at": st.datetimes().map(lambda moment: f"{moment.isoformat()}Z") | any_value,
    "payload": st.dictionaries(st.text(), any_value, max_size=3) | any_value,
}
events = st.fixed_dictionaries({}, optional=members)


def expected_complaints(event: dict[str, Any]) -> set[str]:  # noqa: C901 - the rules, one after the other
    """The rules once more, in the words of their tables: which members are complained about, and how."""
    found = {f"missing {name}" for name in GOOD if name not in event}
    for name, longest, measure in (("event_id", 1024, _bytes), ("event_type", 200, len)):
        value = event.get(name, "fine")
        if not isinstance(value, str):
            found.add(f"{name} is not a string")
        elif value == "":
            found.add(f"{name} is empty")
        elif measure(value) > longest:
            found.add(f"{name} is longer")
    version = event.get("schema_version", 1)
    if type(version) is not int:
        found.add("schema_version is not an integer")
    elif version not in (1, 3):
        found.add("schema_version unsupported")
    moment = event.get("occurred_at", "2026-01-01T00:00:00Z")
    if not isinstance(moment, str):
        found.add("occurred_at is not a string")
    elif moment == "":
        found.add("occurred_at is empty")
    elif not moment.endswith("Z") or moment[4:5] != "-" or moment[10:11] != "T":
        found.add("occurred_at is not RFC 3339")
    if not isinstance(event.get("payload", {}), dict):
        found.add("payload is not an object")
    return found


def _bytes(text: str) -> int:
    return len(text.encode("utf-8", "surrogatepass"))


def complaints(reason: str) -> set[str]:
    """What a reason says, without what it quotes."""
    found = set()
    for name in GOOD:
        for words in (
            "is not a string",
            "is empty",
            "is longer",
            "is not an integer",
            "is not RFC 3339",
            "is not an object",
        ):
            if f"{name} {words}" in reason:
                found.add(f"{name} {words}")
        if f"missing {name}" in reason:
            found.add(f"missing {name}")
    return found | ({"schema_version unsupported"} if "is not supported (allowed: 1, 3)" in reason else set())


@given(events)
def test_every_problem_is_named_and_no_other(event: dict[str, Any]) -> None:
    """An event is stored exactly if no rule is broken; else the reason names each rule that is."""
    expected = expected_complaints(event)
    outcome = decide(event)
    if isinstance(outcome, Store):
        assert not expected
    elif len(outcome.reason) < 1_000:
        assert complaints(outcome.reason) == expected or (not expected and outcome.code == "UNSTORABLE")


@given(st.lists(st.sampled_from(list(GOOD)), unique=True, min_size=1))
def test_all_missing_members_are_named_at_once(missing: list[str]) -> None:
    """Each member that is missing is named in one reason."""
    outcome = decide({name: value for name, value in GOOD.items() if name not in missing})
    assert isinstance(outcome, Dead)
    assert outcome.code == "VALIDATION_FAILED"
    assert all(f"missing {name}" in outcome.reason for name in missing)


def test_reason_reads_as_documented() -> None:
    """The form of a reason: code, colon, problems with semicolons, the value as it was written."""
    outcome = decide({name: value for name, value in GOOD.items() if name != "event_type"} | {"occurred_at": "now"})
    assert isinstance(outcome, Dead)
    assert outcome.reason == 'VALIDATION_FAILED: missing event_type; occurred_at is not RFC 3339: "now"'


def test_reason_is_bounded() -> None:
    """A quoted value is cut at 64 characters, a reason at 1,000."""
    outcome = decide(dict.fromkeys(GOOD, "x" * 5000))
    assert isinstance(outcome, Dead)
    assert len(outcome.reason) <= 1_000
    assert "x" * 65 not in outcome.reason


@given(st.text(alphabet=string.digits + "TtZz:+-. W", max_size=30))
def test_time_is_strict(text: str) -> None:
    """What the validator takes for a time, the standard library reads as the same moment, with a zone."""
    outcome = decide(GOOD | {"occurred_at": text})
    if isinstance(outcome, Store):
        moment = datetime.fromisoformat(text.upper())
        assert moment.tzinfo is not None
        assert timestamps.to_datetime(outcome.row.occurred_at_us) == moment


@pytest.mark.parametrize(
    ("text", "stored"),
    [
        ("2026-01-02t03:04:05.123456789z", "2026-01-02T03:04:05.123456+00:00"),
        ("2026-01-02T03:04:05+23:59", "2026-01-01T03:05:05+00:00"),
        ("0001-01-01T00:00:00Z", "0001-01-01T00:00:00+00:00"),
        ("9999-12-31T23:59:59.999999Z", "9999-12-31T23:59:59.999999+00:00"),
        ("2024-02-29T00:00:00-00:00", "2024-02-29T00:00:00+00:00"),
    ],
)
def test_good_times(text: str, stored: str) -> None:
    """Small letters, offsets up to 23:59 and years 1 to 9999 are times; what is finer than a microsecond is cut off."""
    outcome = decide(GOOD | {"occurred_at": text})
    assert isinstance(outcome, Store)
    assert timestamps.to_datetime(outcome.row.occurred_at_us).isoformat() == stored


@pytest.mark.parametrize(
    "text",
    [
        "now",
        "infinity",
        "2026-W01-1T00:00:00Z",
        "2026-01-02 03:04:05Z",
        "2026-01-02T03:04:60Z",
        "2026-01-02T24:00:00Z",
        "2026-02-30T00:00:00Z",
        "2026-01-02T03:04:05",
        "2026-01-02T03:04Z",
        "2026-01-02T03:04:05+24:00",
        "2026-01-02T03:04:05.Z",
        "0000-01-01T00:00:00Z",
        "0001-01-01T00:00:00+00:01",
        "9999-12-31T23:59:59-00:01",
        "\uff12026-01-02T03:04:05Z",
        "2026-01-02T03:04:05Z\n",
    ],
)
def test_bad_times(text: str) -> None:
    """Everything else is none."""
    outcome = decide(GOOD | {"occurred_at": text})
    assert isinstance(outcome, Dead)
    assert outcome.code == "VALIDATION_FAILED"


@pytest.mark.parametrize(
    ("received_at", "is_stored"),
    [
        ("2000-01-01T00:00:00Z", True),
        ("2026-11-23T12:00:00Z", True),
        ("9999-12-30T23:59:59.999999Z", True),
        ("1999-12-31T23:59:59.999999Z", False),
        ("9999-12-31T00:00:00Z", False),
    ],
)
def test_without_a_certain_time_no_event_is_too_old(received_at: str, *, is_stored: bool) -> None:
    """Nor too new: only a day that no table can be made for is refused."""
    value = json.dumps({**WRAPPER, "received_at": received_at, "event": GOOD}).encode()
    outcome = pipeline.outcome_of(Record(0, 0, value), RULES, None)
    assert isinstance(outcome, Store) == is_stored
    if isinstance(outcome, Dead):
        assert outcome.reason == f"UNSTORABLE: received_at {received_at} is of no day that can be stored"


@given(st.binary(max_size=200) | st.text(max_size=100).map(str.encode))
def test_no_bytes_break_it(value: bytes) -> None:
    """Whatever the bytes are, there is an outcome, and a bounded reason."""
    outcome = pipeline.outcome_of(Record(0, 0, value), RULES, timestamps.from_datetime(NOW))
    assert isinstance(outcome, Dead)
    assert outcome.reason.startswith("DESERIALIZATION_FAILED: ")
    assert len(outcome.reason) <= 1_000


@given(st.integers(min_value=0, max_value=60), st.integers(min_value=-500, max_value=500))
def test_numbers_are_bounded(digits: int, exponent: int) -> None:
    """Numbers of up to 40 digits and exponents up to ±400 are stored as written, longer ones are not."""
    literal = f"1{'0' * digits}e{exponent}"
    body = json.dumps(GOOD).replace('{"a": 1}', f'{{"a": {literal}}}')
    value = json.dumps(WRAPPER)[:-1] + f', "event": {body}}}'
    outcome = pipeline.outcome_of(Record(0, 0, value.encode()), RULES, timestamps.from_datetime(NOW))
    if digits + 1 <= 40 and abs(exponent) <= 400:
        assert isinstance(outcome, Store)
        assert literal.encode() in outcome.row.payload
    else:
        assert isinstance(outcome, Dead)
        assert outcome.code == "UNSTORABLE"


@given(
    events,
    st.sampled_from(["tenant_a", "bad tenant", ""]),
    st.sampled_from(["k", "é", "k k", "k" * 256]),
    st.booleans(),
)
def test_quick_way_is_the_careful_way(event: dict[str, Any], tenant: str, key: str, is_escaped: bool) -> None:  # noqa: FBT001 - drawn by name
    """Where the quick way makes a row, the careful one makes the same."""
    wrapper = {**WRAPPER, "tenant_id": tenant, "idempotency_key": key, "event": event}
    value = json.dumps(wrapper, ensure_ascii=is_escaped).encode("utf-8", "surrogatepass")
    now_us = timestamps.from_datetime(NOW)
    row = fast_path.row_of(value, RULES, now_us)
    assert row is None or pipeline.decode_validate_enrich(Record(0, 0, value), RULES, now_us) == Store(row)


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
def test_usual_events_go_the_quick_way(changes: dict[str, Any]) -> None:
    """What many producers send is usual; so is a request's id that happens to look like a number."""
    wrapper = {**WRAPPER, "request_id": "req_0190e123-0e45-70e6-8e00-12e4567890e1", "event": GOOD | changes}
    value = json.dumps(wrapper, ensure_ascii=False).encode()
    assert fast_path.row_of(value, RULES, timestamps.from_datetime(NOW))


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
def test_what_cannot_be_stored_never_goes_the_quick_way(usual: bytes, other: bytes) -> None:
    """Neither jsonb nor text takes these, or only with other digits."""
    value = json.dumps({**WRAPPER, "event": GOOD}).encode().replace(usual, other)
    assert other in value
    assert fast_path.row_of(value, RULES, timestamps.from_datetime(NOW)) is None


@given(
    st.datetimes(min_value=datetime(1, 1, 2), max_value=datetime(9999, 12, 30)),  # noqa: DTZ001 - its zone is drawn, too
    st.sampled_from(["", ".1", ".123", ".000001", ".123456", ".1234567", ".999999999"]),
    st.sampled_from([("Z", 0), ("z", 0), ("+00:00", 0), ("-00:00", 0), ("+05:30", 330), ("-23:59", -1_439)]),
    st.sampled_from("Tt"),
)
def test_times_are_what_they_say(moment: datetime, fraction: str, zone: tuple[str, int], letter: str) -> None:
    """Every form of RFC 3339 is read to the microsecond; what is finer is cut off."""
    text = f"{moment.replace(microsecond=0).isoformat().replace('T', letter)}{fraction}{zone[0]}"
    seconds = (moment.replace(microsecond=0) - datetime(2000, 1, 1)) // timedelta(seconds=1)  # noqa: DTZ001 - in UTC
    microseconds = int(fraction[1:7].ljust(6, "0")) if fraction else 0
    assert timestamps.parse(text) == (seconds - zone[1] * 60) * 1_000_000 + microseconds
