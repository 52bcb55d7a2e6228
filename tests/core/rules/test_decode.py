"""Decoding of whatever a record may hold."""

from hypothesis import given
from hypothesis import strategies as st
from tests.core.rules.sample_events import decide_value

from event_platform.core.rules.outcome import DeadLetter


@given(st.binary(max_size=200) | st.text(max_size=100).map(str.encode))
def test_any_bytes_have_an_outcome(value: bytes) -> None:
    """Bytes that are no event become a dead letter with a bounded reason."""
    outcome = decide_value(value)
    assert isinstance(outcome, DeadLetter)
    assert outcome.reason.startswith("DESERIALIZATION_FAILED: ")
    assert len(outcome.reason) <= 1_000
