"""Tasks that the supervisor repeats: a failing task is retried at its next turn, and stops no other task."""

from collections.abc import Callable

from event_platform.core.error_text import with_type
from event_platform.core.telemetry import get_logger

log = get_logger(__name__)


class PeriodicTasks:
    """Runs tasks by name; logs a failure when it first occurs or changes, and the recovery from it."""

    def __init__(self) -> None:
        self._failures: dict[str, str] = {}

    def run(self, name: str, task: Callable[[], object]) -> bool:
        """Run ``task`` once; return whether it succeeded."""
        try:
            task()
        except Exception as error:  # noqa: BLE001 - whatever it is, the other tasks continue
            self._log_failure(name, error)
            return False
        if failure := self._failures.pop(name, None):
            # With the error again: on a full disk the line that reported it could not be written.
            log.warning("task recovered", task=name, error=failure)
        return True

    def _log_failure(self, name: str, error: Exception) -> None:
        text = with_type(error)
        if self._failures.get(name) == text:
            return
        self._failures[name] = text
        # The traceback of an OSError adds nothing to its text, such as a full disk or a file that cannot be written.
        log.error("task failed; retrying", task=name, error=text, exc_info=not isinstance(error, OSError))
