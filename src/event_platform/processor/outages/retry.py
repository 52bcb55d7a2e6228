"""Retry with backoff: an outage is waited for, however long it lasts, and no batch is lost or skipped."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from typing import ClassVar, Final, TypeVar

import psycopg
from confluent_kafka import KafkaException

from event_platform.core import error_text
from event_platform.core.backoff import delays
from event_platform.core.errors import PlatformError
from event_platform.core.telemetry import get_logger
from event_platform.processor.outages.dependency_status import POSTGRES, PROCESSOR, DependencyStatus

T = TypeVar("T")

LOG_ERROR_AFTER_SECONDS: Final = 60.0
"""An outage is logged as a warning first, and as an error once it has lasted for so long."""

log = get_logger(__name__)


class StoppedError(Exception):
    """The process ends, so that the work is not tried again."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """One call of the work that is being tried."""

    operation: str
    dependency: str
    """The dependency that it needs first."""
    since: float
    """When it began, by the monotonic clock."""

    def seconds(self) -> float:
        """How long it has been running."""
        return time.monotonic() - self.since


class Retrier:
    """Retries the work of one thread.

    Attributes:
        is_critical: Whether events are not stored while the work fails.
        attempt: The attempt that runs now, if one does; any thread may read it.
    """

    is_critical: ClassVar = True

    def __init__(
        self,
        dependencies: DependencyStatus,
        stop: threading.Event,
        random: Random,
        close_connection: Callable[[], None],
        count_failure: Callable[[str], None],
    ) -> None:
        """Retry until ``stop`` is set.

        Args:
            dependencies: Where failures and successes are recorded.
            stop: Ends the wait between attempts.
            random: Jitter of the backoff.
            close_connection: Called after each failure, so that the next attempt makes a new connection.
            count_failure: Called with the operation that failed.
        """
        self._dependencies = dependencies
        self._stop = stop
        self._random = random
        self._close_connection = close_connection
        self._count_failure = count_failure
        self.attempt: Attempt | None = None

    def run(self, work: Callable[[], T], operation: str, needs: tuple[str, ...] = (POSTGRES,)) -> T:
        """Return the result of ``work``, after as many attempts as it takes; success marks what it ``needs`` as up.

        Raises:
            StoppedError: The process ends, and the work has not succeeded yet.
        """
        outage = _OutageLog(operation)
        for delay_seconds in delays(self._random):
            try:
                result = self._attempt(work, Attempt(operation, needs[0], time.monotonic()))
            except Exception as error:  # noqa: BLE001 - whatever it is, the batch must be neither lost nor skipped
                outage.failed(error)
                self._record_failure(error, operation, needs[0])
                self._close_connection()
            else:
                outage.recovered()
                self._dependencies.mark_up(operation, *needs)
                return result
            if self._stop.wait(delay_seconds):
                raise StoppedError
        raise AssertionError("delays never end")

    def _attempt(self, work: Callable[[], T], attempt: Attempt) -> T:
        self.attempt = attempt
        try:
            return work()
        finally:
            self.attempt = None

    def _record_failure(self, error: Exception, operation: str, first_need: str) -> None:
        self._count_failure(operation)
        text = f"{operation}: {one_line(error)}"
        dependency = failed_dependency(error, first_need)
        self._dependencies.mark_down(operation, dependency, text, is_critical=self.is_critical)


class BackgroundRetrier(Retrier):
    """Retries the work of a background task; events are stored while it fails."""

    is_critical: ClassVar = False


class _OutageLog:
    """Logs the failures of one operation: the first, one that lasts, and the recovery."""

    def __init__(self, operation: str) -> None:
        self._operation = operation
        self._attempts = 0
        self._since: float | None = None
        self._is_error_logged = False

    def failed(self, error: Exception) -> None:
        now, self._attempts = time.monotonic(), self._attempts + 1
        facts = {"operation": self._operation, "attempt": self._attempts}
        if not is_expected(error):
            log.error("unexpected error; retrying", **facts, exc_info=error)
        elif self._since is None:
            log.warning("unavailable; retrying", **facts, error=one_line(error))
        elif not self._is_error_logged and now - self._since > LOG_ERROR_AFTER_SECONDS:
            self._is_error_logged = True
            log.error("still unavailable; retrying", **facts, error=one_line(error))
        self._since = self._since or now

    def recovered(self) -> None:
        if self._since is not None:
            after_seconds = round(time.monotonic() - self._since, 1)
            log.warning("recovered", operation=self._operation, after_seconds=after_seconds)


def is_expected(error: Exception) -> bool:
    """Whether a server can cause ``error``, so that it is no bug of ours."""
    return isinstance(error, psycopg.Error | KafkaException | PlatformError)


def failed_dependency(error: Exception, first_need: str) -> str:
    """Which dependency caused ``error``, in work that needs ``first_need`` and Postgres."""
    if isinstance(error, psycopg.Error):
        return POSTGRES
    return first_need if is_expected(error) else PROCESSOR


def one_line(error: Exception) -> str:
    """The error's message in one line, or its type where it has none."""
    if isinstance(error, KafkaException):
        return str(error.args[0].str())
    return error_text.one_line(error)
