"""Tries again until it works: an outage is waited for, whatever it takes, and nothing is thrown away."""

import threading
import time
from collections.abc import Callable
from random import Random
from typing import ClassVar, Final, TypeVar

import msgspec
import psycopg
from confluent_kafka import KafkaException

from event_platform.core.backoff import delays
from event_platform.core.errors import PlatformError
from event_platform.core.telemetry import get_logger
from event_platform.processor.monitoring.health import POSTGRES, PROCESSOR, Health

T = TypeVar("T")

LOUD_AFTER_SECONDS: Final = 60.0
"""An outage of so long is an error that a person should look at; a shorter one a warning."""

log = get_logger(__name__)


class StoppedError(Exception):
    """The process is to end."""


class Attempt(msgspec.Struct, frozen=True):
    """What is being tried."""

    doing: str
    dependency: str
    """What it needs first."""
    since: float
    """By the monotonic clock."""

    def seconds(self) -> float:
        """For how long."""
        return time.monotonic() - self.since


class Patience:
    """Tries work again and again for one thread.

    Attributes:
        is_vital: Whether events are not stored while the work fails.
    """

    is_vital: ClassVar = True

    def __init__(
        self,
        health: Health,
        stop: threading.Event,
        chance: Random,
        give_up_connection: Callable[[], None],
        count_failure: Callable[[str], None],
    ) -> None:
        """Tell ``health`` and ``count_failure`` of failures, and call ``give_up_connection`` after each."""
        self._health = health
        self._count_failure = count_failure
        self._stop = stop
        self._chance = chance
        self._give_up_connection = give_up_connection
        self.attempt: Attempt | None = None
        """The one that runs now; any thread may look."""

    def persist(self, work: Callable[[], T], doing: str, needs: tuple[str, ...] = (POSTGRES,)) -> T:
        """The result of ``work``, after as many attempts as it takes; success shows that what it ``needs`` is there.

        Raises:
            StoppedError: The process is to end, and work has not succeeded yet.
        """
        outage = _Outage(doing)
        for delay_seconds in delays(self._chance):
            try:
                result = self._attempt(work, Attempt(doing, needs[0], time.monotonic()))
            except Exception as error:  # noqa: BLE001 - whatever it is, the batch must be neither lost nor skipped
                outage.note(error)
                self._count_failure(doing)
                text = f"{doing}: {said(error)}"
                self._health.failed(doing, blamed(error, needs[0]), text, is_vital=self.is_vital)
                self._give_up_connection()
            else:
                outage.end()
                self._health.worked(doing, *needs)
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


class PatienceBeside(Patience):
    """For work beside storing, which goes on without it."""

    is_vital: ClassVar = False


class _Outage:
    """Says what is wrong: at once, once more when it lasts, and when it is over."""

    def __init__(self, doing: str) -> None:
        self._doing = doing
        self._since: float | None = None
        self._is_loud = False

    def note(self, error: Exception) -> None:
        now = time.monotonic()
        if not is_expected(error):
            log.error("unexpected failure; trying again", doing=self._doing, exc_info=error)
        elif self._since is None:
            log.warning("waiting; nothing is lost meanwhile", doing=self._doing, error=said(error))
        elif not self._is_loud and now - self._since > LOUD_AFTER_SECONDS:
            self._is_loud = True
            log.error("still waiting; nothing is lost meanwhile", doing=self._doing, error=said(error))
        self._since = self._since or now

    def end(self) -> None:
        if self._since is not None:
            log.warning("it works again", doing=self._doing, after_seconds=round(time.monotonic() - self._since, 1))


def is_expected(error: Exception) -> bool:
    """Whether ``error`` is one that servers cause, and not a mistake of ours."""
    return isinstance(error, psycopg.Error | KafkaException | PlatformError)


def blamed(error: Exception, first_need: str) -> str:
    """Whose failure ``error`` is, of work that needs ``first_need`` and Postgres."""
    if isinstance(error, psycopg.Error):
        return POSTGRES
    return first_need if is_expected(error) else PROCESSOR


def said(error: Exception) -> str:
    """The error's own words, in one line."""
    if isinstance(error, KafkaException):
        return str(error.args[0].str())
    return " ".join(str(error).split()) or type(error).__name__
