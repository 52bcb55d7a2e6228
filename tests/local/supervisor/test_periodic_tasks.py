"""A failing task is logged once, and stops nothing."""

from structlog.testing import capture_logs

from event_platform.local.supervisor.periodic_tasks import PeriodicTasks


def failing(error: Exception) -> None:
    """A task that fails."""
    raise error


def test_a_failure_is_logged_when_it_changes_and_when_it_ends() -> None:
    """Not at every turn; the recovery repeats the error, because a full disk may have kept it from the log."""
    tasks = PeriodicTasks()
    full, broken = OSError(28, "No space left on device"), ValueError("broken")
    with capture_logs() as lines:
        for error in (full, full, broken, broken):
            assert not tasks.run("writing", lambda error=error: failing(error))  # type: ignore[misc]  # its own error
        assert tasks.run("reading", list)
        assert tasks.run("writing", list)
        assert tasks.run("writing", list)
    assert [(line["event"], line["task"], line["error"]) for line in lines] == [
        ("task failed; retrying", "writing", "OSError: [Errno 28] No space left on device"),
        ("task failed; retrying", "writing", "ValueError: broken"),
        ("task recovered", "writing", "ValueError: broken"),
    ]
