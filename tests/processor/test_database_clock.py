"""The time is Postgres', and a skew of this machine's clock is noticed."""

from datetime import UTC, datetime, timedelta

import pytest
from tests.processor.conftest import Bench

from event_platform.processor.database_clock import MEANWHILE, DatabaseClock

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


class ManualClocks:
    """This machine's clock and its monotonic clock, moved by the test."""

    def __init__(self, ahead: timedelta) -> None:
        """This machine's clock is about ``ahead`` of Postgres'."""
        self.ahead = ahead
        self.seconds = 0.0

    def own_now(self) -> datetime:
        """This machine's time."""
        return datetime.now(UTC) + self.ahead + timedelta(seconds=self.seconds)


def test_before_the_first_synchronization_the_time_is_ours() -> None:
    """A clock that was not compared yet is not reported as skewed."""
    clock = DatabaseClock(lambda: NOON, lambda: 0.0)
    assert (clock.now(), clock.skew_message()) == (NOON, None)


@pytest.mark.parametrize("days", [40, -40])
def test_time_is_that_of_postgres(bench: Bench, days: int) -> None:
    """However wrong our clock is, now is Postgres' time and the seconds since."""
    times = ManualClocks(timedelta(days=days))
    clock = DatabaseClock(times.own_now, lambda: times.seconds)
    clock.synchronize(bench.connection)
    before = clock.now()
    assert abs(before - datetime.now(UTC)) < timedelta(hours=1)
    times.seconds += 7
    assert clock.now() - before == timedelta(seconds=7)
    assert not clock.is_reliable()
    side = "ahead of" if days > 0 else "behind"
    assert (clock.skew_message() or "").endswith(f" s {side} Postgres': until one of them is set right, {MEANWHILE}")


def test_later_jump_of_the_clock_is_noticed(bench: Bench) -> None:
    """A jump is noticed without asking Postgres again; a skew of seconds is tolerated."""
    times = ManualClocks(timedelta(seconds=20))
    clock = DatabaseClock(times.own_now, lambda: times.seconds)
    clock.synchronize(bench.connection)
    assert clock.is_reliable()
    times.ahead += timedelta(hours=1)
    assert not clock.is_reliable()
