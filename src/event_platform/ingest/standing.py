"""How a dependency stands, and since when."""

from collections.abc import Callable
from datetime import UTC, datetime

from event_platform.core.envelope import format_timestamp
from event_platform.core.telemetry import get_logger

log = get_logger(__name__)


def _now() -> datetime:
    return datetime.now(UTC)


class Standing:
    """The last known state of one dependency; only changes are logged.

    Args:
        name: The dependency's name in ``/health``.
        now: This machine's clock.
        fell: Called each time that it cannot be used.

    Attributes:
        name: The dependency's name in ``/health``.
        up: Whether it can be used.
        since: When it came into that state.
        error: Why it cannot be used, in one sentence.
    """

    def __init__(self, name: str, now: Callable[[], datetime] = _now, fell: Callable[[], None] = lambda: None) -> None:
        self.name = name
        self.up = False
        self.error: str | None = "not connected yet"
        self._now = now
        self._fell = fell
        self.since = now()

    def rise(self) -> None:
        """It can be used."""
        if not self.up:
            self.up, self.error, self.since = True, None, self._now()
            log.info("dependency is up", dependency=self.name)

    def fall(self, error: str) -> None:
        """It cannot be used, because of ``error``."""
        if self.up:
            self.since = self._now()
        if self.up or self.error != error:
            log.warning("dependency is down", dependency=self.name, error=error)
        self.up, self.error = False, error
        self._fell()

    def describe(self) -> dict[str, str | None]:
        """The entry in ``/health``."""
        status = "up" if self.up else "down"
        return {"name": self.name, "status": status, "since": format_timestamp(self.since), "error": self.error}
