"""Reasons of dead letters: their form and their bounds."""

from tests.core.rules.sample_events import GOOD, decide

from event_platform.core.rules.outcome import DeadLetter


def test_reason_reads_as_documented() -> None:
    """A reason is the code, a colon, and the violations, separated by semicolons, with values as they were written."""
    outcome = decide({name: value for name, value in GOOD.items() if name != "event_type"} | {"occurred_at": "now"})
    assert isinstance(outcome, DeadLetter)
    assert outcome.reason == 'VALIDATION_FAILED: missing event_type; occurred_at is not RFC 3339: "now"'


def test_reason_is_bounded() -> None:
    """A quoted value is truncated to 64 characters, a reason to 1,000."""
    outcome = decide(dict.fromkeys(GOOD, "x" * 5000))
    assert isinstance(outcome, DeadLetter)
    assert len(outcome.reason) <= 1_000
    assert "x" * 65 not in outcome.reason
