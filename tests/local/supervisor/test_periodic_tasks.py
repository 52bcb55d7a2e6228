"""A duty that fails is said once, and stops nothing."""

from structlog.testing import capture_logs

from event_platform.local.supervisor.periodic_tasks import Duties


def failing(error: Exception) -> None:
    """A duty that cannot be done."""
    raise error


def test_a_duty_that_fails_is_said_until_it_changes() -> None:
    """Not at every turn; what was wrong is said again when it is over, because a full disk kept it from the log."""
    duties = Duties()
    full, broken = OSError(28, "No space left on device"), ValueError("broken")
    with capture_logs() as lines:
        for error in (full, full, broken, broken):
            assert not duties.run("writing", lambda error=error: failing(error))  # type: ignore[misc]  # its own error
        assert duties.run("reading", list)
        assert duties.run("writing", list)
        assert duties.run("writing", list)
    assert [(line["event"], line["duty"], line["error"]) for line in lines] == [
        ("duty failed; retrying", "writing", "OSError: [Errno 28] No space left on device"),
        ("duty failed; retrying", "writing", "ValueError: broken"),
        ("duty recovered", "writing", "ValueError: broken"),
    ]
