"""The trend is the average rate of change over the last half minute."""

from event_platform.admin.lag.trend import Trend


def _trend(*samples: tuple[float, int]) -> float | None:
    trend = Trend()
    for at, number in samples:
        trend.add(at, number)
    return trend.per_second()


def test_trend_is_the_change_per_second() -> None:
    """Only samples of the last half minute count."""
    assert _trend((0, 100), (10, 50)) == -5
    assert _trend((0, 0), (10, 1_000), (39, 1_000), (40, 1_000)) == 0


def test_trend_is_unknown_without_enough_samples() -> None:
    """One sample, or two at nearly the same time, are not enough."""
    assert _trend() is _trend((0, 5)) is _trend((0, 5), (1, 9)) is None
