"""The time is Postgres', and it is known whether this machine agrees."""

from datetime import UTC, datetime, timedelta

import pytest
from tests.processor.conftest import Bench

from event_platform.processor.database_clock import MEANWHILE, DatabaseClock

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


class Times:
    """This machine's clock and its count of seconds, moved by the test."""

    def __init__(self, ahead: timedelta) -> None:
        """Ahead of Postgres, roughly."""
        self.ahead = ahead
        self.seconds = 0.0

    def own_now(self) -> datetime:
        """What this machine says."""
        return datetime.now(UTC) + self.ahead + timedelta(seconds=self.seconds)


def test_before_postgres_is_asked_the_time_is_ours() -> None:
    """Nothing is said against a clock that could not be compared."""
    clock = DatabaseClock(lambda: NOON, lambda: 0.0)
    assert (clock.now(), clock.skew_message()) == (NOON, None)


@pytest.mark.parametrize("days", [40, -40])
def test_the_time_is_postgres(bench: Bench, days: int) -> None:
    """However wrong ours is, now is what Postgres said, and the seconds since."""
    times = Times(timedelta(days=days))
    clock = DatabaseClock(times.own_now, lambda: times.seconds)
    clock.synchronize(bench.connection)
    before = clock.now()
    assert abs(before - datetime.now(UTC)) < timedelta(hours=1)
    times.seconds += 7
    assert clock.now() - before == timedelta(seconds=7)
    assert not clock.is_reliable()
    side = "ahead of" if days > 0 else "behind"
    assert (clock.skew_message() or "").endswith(f" s {side} Postgres': until one of them is set right, {MEANWHILE}")


def test_a_clock_that_jumps_later_is_noticed(bench: Bench) -> None:
    """Without Postgres being asked again; and a machine that is a little off is no matter."""
    times = Times(timedelta(seconds=20))
    clock = DatabaseClock(times.own_now, lambda: times.seconds)
    clock.synchronize(bench.connection)
    assert clock.is_reliable()
    times.ahead += timedelta(hours=1)
    assert not clock.is_reliable()
