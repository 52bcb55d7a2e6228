"""Histograms keep three significant digits, add up over workers, and can be pickled."""

import pickle
from random import Random

import pytest

from event_platform.loadgen.recording.histogram import Histogram


def histogram_of(durations: list[float]) -> Histogram:
    """Return a histogram of these durations."""
    histogram = Histogram()
    for seconds in durations:
        histogram.record(seconds)
    return histogram


def test_percentiles_are_exact_to_three_digits() -> None:
    """Of 1 to 1,000 ms, each percentile is the value at that rank."""
    histogram = histogram_of([number / 1_000 for number in range(1, 1_001)])
    assert histogram.percentile(50) == pytest.approx(0.5, rel=0.001)
    assert histogram.percentile(99) == pytest.approx(0.99, rel=0.001)
    assert histogram.mean == pytest.approx(0.5005)
    assert histogram.max == 1.0
    assert histogram.percentile(100) <= histogram.max


def test_merging_equals_recording_in_one() -> None:
    """Percentiles are those of the union, not averages of percentiles."""
    chance = Random(3)
    durations = [chance.expovariate(20) for _ in range(5_000)]
    whole, first, second = histogram_of(durations), histogram_of(durations[:500]), histogram_of(durations[500:])
    first.merge(second)
    assert [first.percentile(p) for p in (1, 50, 95, 99, 100)] == [whole.percentile(p) for p in (1, 50, 95, 99, 100)]
    assert (first.count, first.max) == (whole.count, whole.max)
    assert first.mean == pytest.approx(whole.mean)


def test_pickling_preserves_everything() -> None:
    """Workers send theirs to the parent process."""
    original = histogram_of([0.001, 0.25, 7.5])
    copy = pickle.loads(pickle.dumps(original))  # noqa: S301 - our own
    assert (copy.count, copy.mean, copy.max, copy.percentile(50)) == (3, original.mean, 7.5, original.percentile(50))


def test_extremes_are_counted() -> None:
    """A negative duration, caused by a clock step, and one of hours are both counted."""
    histogram = histogram_of([-0.5, 0.0, 10_000.0])
    assert histogram.count == 3
    assert histogram.percentile(100) == 3_600.0 or histogram.percentile(100) == pytest.approx(3_600, rel=0.001)


def test_an_empty_histogram_returns_zeros() -> None:
    """A run in which nothing was sent still has a summary."""
    assert (Histogram().percentile(99), Histogram().mean, Histogram().max, Histogram().count) == (0, 0, 0, 0)
