"""Notices that a server takes a request and never answers, which no error ever says."""

import time
from typing import Final

from event_platform.core.telemetry import get_logger
from event_platform.processor.monitoring.health import Health
from event_platform.processor.retry import Attempt, Patience
from event_platform.processor.storage.connection import Database

RED_AFTER_SECONDS: Final = 10.0
"""Longer than any lock is waited for, and than any usual batch takes."""

ABORT_AFTER_SECONDS: Final = 45.0
"""Longer than every timeout that Postgres itself keeps: by then it hangs, and the connection is broken from here."""

log = get_logger(__name__)


class HangWatch:
    """The main loop's; the attempts that it watches are another thread's."""

    def __init__(self, patience: Patience, database: Database, health: Health) -> None:
        """Watch the attempts of ``patience``, which use ``database``."""
        self._patience = patience
        self._database = database
        self._health = health
        self._said: str | None = None
        self._aborted: Attempt | None = None

    def look(self) -> None:
        """Turn red when an attempt takes too long, and break its connection when it takes for ever.

        An attempt may have many steps, each of which asks for the connection: it takes as long as its last one.
        """
        attempt = self._patience.attempt
        since = max(attempt.since, self._database.last_used_at) if attempt else 0.0
        seconds = time.monotonic() - since if attempt else 0.0
        if attempt and seconds > RED_AFTER_SECONDS:
            self._say(attempt, seconds)
        elif self._said is not None:
            self._health.worked(self._said)
            self._said = None
        if attempt and seconds > ABORT_AFTER_SECONDS:
            if attempt is not self._aborted:
                log.warning("no answer; breaking the connection", doing=attempt.doing)
            self._aborted = attempt
            self._database.abort()

    def _say(self, attempt: Attempt, seconds: float) -> None:
        self._said = f"{attempt.doing}, in time"
        text = f"{attempt.doing}: not done after {seconds:.0f} s"
        self._health.failed(self._said, attempt.dependency, text, is_vital=self._patience.is_vital)
