"""Last known status of a dependency, and when it changed."""

from collections.abc import Callable
from datetime import UTC, datetime

from event_platform.core.envelope import format_timestamp
from event_platform.core.telemetry import get_logger

log = get_logger(__name__)


def _now() -> datetime:
    return datetime.now(UTC)


class DependencyStatus:
    """Whether one dependency is usable; logs changes only.

    Args:
        name: The dependency's name in ``/health``.
        now: This machine's clock.
        on_down: Called on every `mark_down`.

    Attributes:
        name: The dependency's name in ``/health``.
        is_up: Whether the dependency is usable.
        since: When the status last changed.
        error: Why the dependency is unusable, in one sentence.
    """

    def __init__(
        self, name: str, now: Callable[[], datetime] = _now, on_down: Callable[[], None] = lambda: None
    ) -> None:
        self.name = name
        self.is_up = False
        self._is_known = self._was_up = False
        self.error: str | None = "not connected yet"
        self._now = now
        self._on_down = on_down
        self.since = now()

    def mark_up(self) -> None:
        """Record that the dependency is usable."""
        if not self.is_up:
            now = self._now()
            event = "dependency recovered" if self._was_up else "dependency available"
            log.info(event, dependency=self.name, after_seconds=round((now - self.since).total_seconds(), 3))
            self.is_up, self.error, self.since = True, None, now
            self._is_known = self._was_up = True

    def mark_down(self, error: str) -> None:
        """Record that the dependency is unusable, because of ``error``."""
        if self.is_up:
            self.since = self._now()
        if self.is_up or self.error != error:
            log.warning("dependency unavailable", dependency=self.name, error=error)
        self.is_up, self.error, self._is_known = False, error, True
        self._on_down()

    def describe(self) -> dict[str, str | None]:
        """Return the entry of ``/health``; the status is unknown until the first attempt to use the dependency."""
        status = "ok" if self.is_up else "down" if self._is_known else "unknown"
        return {"name": self.name, "status": status, "since": format_timestamp(self.since), "error": self.error}
