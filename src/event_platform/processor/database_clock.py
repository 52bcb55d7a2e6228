"""The time by which days begin, and events are too old: that of Postgres, however wrong this machine's clock is."""

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Final

import psycopg
from psycopg.rows import TupleRow

from event_platform.core import clock_skew

MEANWHILE: Final = "nothing is dropped, and no event is a dead letter, for its age"


def _utc_now() -> datetime:
    return datetime.now(UTC)


class Clock:
    """Postgres' clock, carried on by this machine's count of seconds since it was last asked.

    Any thread may ask. Before Postgres has answered for the first time, it is this machine's clock.
    """

    def __init__(
        self, own_now: Callable[[], datetime] = _utc_now, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        """``own_now`` is this machine's clock, ``monotonic`` one that never goes back, in seconds."""
        self._own_now = own_now
        self._monotonic = monotonic
        self._known: tuple[datetime, float] | None = None

    def ask(self, connection: psycopg.Connection[TupleRow]) -> None:
        """Learn Postgres' time.

        Raises:
            psycopg.Error: Postgres does not say it.
        """
        before = self._monotonic()
        row = connection.execute("SELECT clock_timestamp()").fetchone()
        if row is not None:
            self._known = row[0], (before + self._monotonic()) / 2

    def now(self) -> datetime:
        """The present, in UTC."""
        known = self._known
        if known is None:
            return self._own_now()
        moment, at_seconds = known
        return moment.astimezone(UTC) + timedelta(seconds=self._monotonic() - at_seconds)

    def ahead_seconds(self) -> float:
        """How far this machine's clock is ahead of Postgres'; negative where it is behind."""
        return (self._own_now() - self.now()).total_seconds()

    def is_certain(self) -> bool:
        """Whether both clocks agree, so that something may be called too old."""
        return clock_skew.is_within_tolerance(self.ahead_seconds())

    def complaint(self) -> str | None:
        """What is wrong, in one sentence; None where both clocks agree."""
        differs = clock_skew.describe_skew(self.ahead_seconds(), "Postgres'")
        return differs and f"{differs}: until one of them is set right, {MEANWHILE}"
