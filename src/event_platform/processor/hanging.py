"""Notices that a server takes a request and never answers, which no error ever says."""

from typing import Final

from event_platform.core.telemetry import get_logger
from event_platform.processor.database import Database
from event_platform.processor.health import Health
from event_platform.processor.patience import Attempt, Patience

RED_AFTER_SECONDS: Final = 10.0
"""Longer than any lock is waited for, and than any usual batch takes."""

ABORT_AFTER_SECONDS: Final = 45.0
"""Longer than every timeout that Postgres itself keeps: by then it hangs, and the connection is broken from here."""

_DOING: Final = "watching for what hangs"

log = get_logger(__name__)


class HangWatch:
    """The main loop's; the attempts that it watches are the background's."""

    def __init__(self, patience: Patience, database: Database, health: Health) -> None:
        """Watch the attempts of ``patience``, which use ``database``."""
        self._patience = patience
        self._database = database
        self._health = health
        self._is_red = False
        self._aborted: Attempt | None = None

    def look(self) -> None:
        """Turn red when an attempt takes too long, and break its connection when it takes for ever."""
        attempt = self._patience.attempt
        seconds = attempt.seconds() if attempt else 0.0
        if attempt and seconds > RED_AFTER_SECONDS:
            self._is_red = True
            self._health.failed(_DOING, attempt.dependency, f"{attempt.doing}: not done after {seconds:.0f} s")
        elif self._is_red:
            self._is_red = False
            self._health.worked(_DOING)
        if attempt and seconds > ABORT_AFTER_SECONDS:
            if attempt is not self._aborted:
                log.warning("no answer; breaking the connection", doing=attempt.doing)
            self._aborted = attempt
            self._database.abort()
