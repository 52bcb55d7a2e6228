"""The reconciliation report as text."""

from event_platform.loadgen.reconciliation.platform_state import PlatformState
from event_platform.loadgen.reconciliation.reconcile import reconcile
from event_platform.loadgen.recording.attempt import Attempt


def test_the_text_shows_the_first_differences_and_counts_all() -> None:
    """A run that lost everything prints one screen of differences, and their number."""
    text = str(
        reconcile([Attempt("t", str(n), status=202, request_id=f"req_{n}") for n in range(50)], PlatformState({}))
    )
    assert "50 differences" in text
    assert "… and 30 more" in text
    assert "answered 202 req_7; found stored 0, dead 0" in text
