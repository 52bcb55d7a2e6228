"""The time that decides about days, ages and retention: that of Postgres, however wrong this machine's clock is."""

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


class DatabaseClock:
    """Postgres' clock, extrapolated with this machine's monotonic clock since the last synchronization.

    Any thread may use it. Before Postgres has answered for the first time, it is this machine's clock.
    """

    def __init__(
        self, own_now: Callable[[], datetime] = _utc_now, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        """``own_now`` is this machine's clock, ``monotonic`` its monotonic clock in seconds."""
        self._own_now = own_now
        self._monotonic = monotonic
        self._synchronized: tuple[datetime, float] | None = None

    def synchronize(self, connection: psycopg.Connection[TupleRow]) -> None:
        """Read Postgres' time.

        Raises:
            psycopg.Error: Postgres is unavailable.
        """
        before = self._monotonic()
        row = connection.execute("SELECT clock_timestamp()").fetchone()
        if row is not None:
            self._synchronized = row[0], (before + self._monotonic()) / 2

    def now(self) -> datetime:
        """The present, in UTC."""
        synchronized = self._synchronized
        if synchronized is None:
            return self._own_now()
        moment, at_seconds = synchronized
        return moment.astimezone(UTC) + timedelta(seconds=self._monotonic() - at_seconds)

    def skew_seconds(self) -> float:
        """How far this machine's clock is ahead of Postgres'; negative if it is behind."""
        return (self._own_now() - self.now()).total_seconds()

    def is_reliable(self) -> bool:
        """Whether both clocks agree, so that events and partitions may be called too old."""
        return clock_skew.is_within_tolerance(self.skew_seconds())

    def skew_message(self) -> str | None:
        """How the clocks differ and what that means, in one sentence; None if they agree."""
        differs = clock_skew.describe_skew(self.skew_seconds(), "Postgres'")
        return differs and f"{differs}: until one of them is set right, {MEANWHILE}"
