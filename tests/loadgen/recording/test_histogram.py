"""Durations keep three digits, add up over workers, and survive the way between processes."""

import pickle
from random import Random

import pytest

from event_platform.loadgen.recording.histogram import Histogram


def filled(durations: list[float]) -> Histogram:
    """A histogram of these."""
    histogram = Histogram()
    for seconds in durations:
        histogram.record(seconds)
    return histogram


def test_percentiles_are_exact_to_three_digits() -> None:
    """1 to 1,000 ms: the percentile is the value at that place."""
    histogram = filled([number / 1_000 for number in range(1, 1_001)])
    assert histogram.percentile(50) == pytest.approx(0.5, rel=0.001)
    assert histogram.percentile(99) == pytest.approx(0.99, rel=0.001)
    assert histogram.mean == pytest.approx(0.5005)
    assert histogram.max == 1.0
    assert histogram.percentile(100) <= histogram.max


def test_merged_over_workers_is_as_recorded_in_one() -> None:
    """Percentiles of the sum, not averages of percentiles."""
    chance = Random(3)
    durations = [chance.expovariate(20) for _ in range(5_000)]
    whole, first, second = filled(durations), filled(durations[:500]), filled(durations[500:])
    first.add(second)
    assert [first.percentile(p) for p in (1, 50, 95, 99, 100)] == [whole.percentile(p) for p in (1, 50, 95, 99, 100)]
    assert (first.count, first.max) == (whole.count, whole.max)
    assert first.mean == pytest.approx(whole.mean)


def test_pickled_it_is_the_same() -> None:
    """Workers send theirs to the parent."""
    original = filled([0.001, 0.25, 7.5])
    copy = pickle.loads(pickle.dumps(original))  # noqa: S301 - our own
    assert (copy.count, copy.mean, copy.max, copy.percentile(50)) == (3, original.mean, 7.5, original.percentile(50))


def test_extremes_stay_countable() -> None:
    """Nothing is lost at either end: a clock that went back, and hours."""
    histogram = filled([-0.5, 0.0, 10_000.0])
    assert histogram.count == 3
    assert histogram.percentile(100) == 3_600.0 or histogram.percentile(100) == pytest.approx(3_600, rel=0.001)


def test_empty_it_answers_zero() -> None:
    """A run in which nothing was sent still has a summary."""
    assert (Histogram().percentile(99), Histogram().mean, Histogram().max, Histogram().count) == (0, 0, 0, 0)
