"""The rules, compared with a second, independent statement of them."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.core.rules.sample_events import GOOD, WRAPPER, decide, decide_value, events

from event_platform.core.rules.outcome import DeadLetter, Storable


def expected_violations(event: dict[str, Any]) -> set[str]:  # noqa: C901 - the rules, one after the other
    """State the rules once more: which _members break one, and how."""
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


def named_violations(reason: str) -> set[str]:
    """The violations that a reason names, without the values that it quotes."""
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
def test_every_violation_is_named_and_no_other(event: dict[str, Any]) -> None:
    """An event is stored if and only if it breaks no rule; otherwise the reason names each rule that it breaks."""
    expected = expected_violations(event)
    outcome = decide(event)
    if isinstance(outcome, Storable):
        assert not expected
    elif len(outcome.reason) < 1_000:
        assert named_violations(outcome.reason) == expected or (not expected and outcome.code == "UNSTORABLE")


@given(st.lists(st.sampled_from(list(GOOD)), unique=True, min_size=1))
def test_all_missing_members_are_named_at_once(missing: list[str]) -> None:
    """One reason names every member that is missing."""
    outcome = decide({name: value for name, value in GOOD.items() if name not in missing})
    assert isinstance(outcome, DeadLetter)
    assert outcome.code == "VALIDATION_FAILED"
    assert all(f"missing {name}" in outcome.reason for name in missing)


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
def test_without_a_reliable_clock_no_event_is_too_old(received_at: str, *, is_stored: bool) -> None:
    """Nor too new: only a day that cannot have a partition is refused."""
    value = json.dumps({**WRAPPER, "received_at": received_at, "event": GOOD}).encode()
    outcome = decide_value(value, None)
    assert isinstance(outcome, Storable) == is_stored
    if isinstance(outcome, DeadLetter):
        assert outcome.reason == f"UNSTORABLE: received_at {received_at} is of no day that can be stored"
