"""What a supervisor does again and again: a duty that fails stops neither the next one nor itself for good."""

from collections.abc import Callable

from event_platform.core.telemetry import get_logger

log = get_logger(__name__)


class Duties:
    """Runs duties by name; a failure is logged when it begins or changes, and its end is."""

    def __init__(self) -> None:
        self._failures: dict[str, str] = {}

    def run(self, name: str, duty: Callable[[], object]) -> bool:
        """Do it; whether it could be done."""
        try:
            duty()
        except Exception as error:  # noqa: BLE001 - whatever it is, the other duties go on
            self._fail(name, error)
            return False
        if failure := self._failures.pop(name, None):
            # Told again: where the disk was full, the line that told it first could not be written.
            log.warning("duty recovered", duty=name, error=failure)
        return True

    def _fail(self, name: str, error: Exception) -> None:
        told = f"{type(error).__name__}: {error}"
        if self._failures.get(name) == told:
            return
        self._failures[name] = told
        # The trace of an OSError says no more than its text: the disk is full, or a file cannot be written.
        log.error("duty failed; retrying", duty=name, error=told, exc_info=not isinstance(error, OSError))
