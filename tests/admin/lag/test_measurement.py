"""Lag and age are computed from offsets, and never negative."""

from datetime import UTC, datetime, timedelta

import pytest

from event_platform.admin.lag.measurement import LagMeasurement, PartitionOffsets, to_response

NOW = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("offsets", "lag"),
    [
        (PartitionOffsets(None, 0, 0), 0),
        (PartitionOffsets(None, 0, 7), 7),
        (PartitionOffsets(None, 5, 7), 2),
        (PartitionOffsets(3, 0, 7), 4),
        (PartitionOffsets(7, 0, 7), 0),
        (PartitionOffsets(3, 5, 7), 2),
        (PartitionOffsets(7, 7, 7), 0),
        (PartitionOffsets(9, 0, 7), 0),
    ],
)
def test_lag_of_a_partition(offsets: PartitionOffsets, lag: int) -> None:
    """Empty, uncommitted, behind, level, overtaken by retention, and committed beyond the end: never negative."""
    assert offsets.lag == lag


@pytest.mark.parametrize(
    ("total", "trend", "seconds"),
    [(100, -5.0, 20.0), (100, 5.0, None), (100, 0.0, None), (100, None, None), (0, -5.0, 0)],
)
def test_drain_time(total: int, trend: float | None, seconds: float | None) -> None:
    """Total divided by the rate at which it falls; unknown if it does not fall."""
    found = to_response(LagMeasurement({0: PartitionOffsets(0, 0, total)}, {}, 0), trend, NOW)
    assert found.drain_seconds == seconds


def test_a_timestamp_in_the_future_makes_no_negative_age() -> None:
    """The age is at least zero."""
    ahead = LagMeasurement({0: PartitionOffsets(0, 0, 1)}, {}, 0, oldest_at=NOW + timedelta(seconds=5))
    assert to_response(ahead, None, NOW).oldest_age_seconds == 0
