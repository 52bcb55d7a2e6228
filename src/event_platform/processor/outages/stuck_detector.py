"""Detects calls that never return, which raise no error: the dependency accepts a request and does not answer."""

import time
from typing import Final, Protocol

from event_platform.core.telemetry import get_logger
from event_platform.processor.outages.dependency_status import DependencyStatus
from event_platform.processor.outages.retry import Attempt, Retrier

DOWN_AFTER_SECONDS: Final = 10.0
"""Longer than any lock timeout, and than an ordinary batch takes."""

ABORT_AFTER_SECONDS: Final = 45.0
"""Longer than every timeout that Postgres itself enforces: past it the connection is stuck, and is broken from here."""

log = get_logger(__name__)


class AbortableConnection(Protocol):
    """The connection over which the watched attempts work; `storage.connection.Database` is one."""

    last_used_at: float
    """When an attempt last asked for it, by the monotonic clock."""

    def abort(self) -> None:
        """Break the connection under the thread that waits for it."""


class StuckDetector:
    """Checks the attempts of another thread; the main loop calls it."""

    def __init__(self, retrier: Retrier, connection: AbortableConnection, dependencies: DependencyStatus) -> None:
        """Watch the attempts of ``retrier``, which use ``connection``."""
        self._retrier = retrier
        self._connection = connection
        self._dependencies = dependencies
        self._reported: str | None = None
        self._aborted: Attempt | None = None

    def check(self) -> None:
        """Mark the dependency down when an attempt takes too long; break its connection when it does not end at all.

        An attempt may have many steps, each of which asks for the connection: its time counts from the latest one.
        """
        attempt = self._retrier.attempt
        since = max(attempt.since, self._connection.last_used_at) if attempt else 0.0
        seconds = time.monotonic() - since if attempt else 0.0
        if attempt and seconds > DOWN_AFTER_SECONDS:
            self._report(attempt, seconds)
        elif self._reported is not None:
            self._dependencies.mark_up(self._reported)
            self._reported = None
        if attempt and seconds > ABORT_AFTER_SECONDS:
            self._abort(attempt)

    def _report(self, attempt: Attempt, seconds: float) -> None:
        self._reported = f"{attempt.operation}, in time"
        text = f"{attempt.operation}: not done after {seconds:.0f} s"
        is_critical = self._retrier.is_critical
        self._dependencies.mark_down(self._reported, attempt.dependency, text, is_critical=is_critical)

    def _abort(self, attempt: Attempt) -> None:
        if attempt is not self._aborted:
            log.warning("deadline exceeded; breaking the connection", operation=attempt.operation)
        self._aborted = attempt
        self._connection.abort()
