"""Turns the rates of phases into intended start times, independent of any answer."""

import itertools
import math
from collections.abc import Iterable, Iterator
from random import Random

from msgspec import Struct

from event_platform.loadgen.traffic.scenario import Phase


# A Struct, because one is made for each request, and a frozen dataclass takes nine times as long to make.
class Arrival(Struct, frozen=True):
    """An intended start, in seconds after the start of the run, and the index of its phase."""

    start_seconds: float
    phase: int


def expected_count(phase: Phase, seconds: float) -> float:
    """How many requests start in the first ``seconds`` of a phase: the integral of its rate."""
    slope = (phase.end_rate - phase.rate) / phase.seconds
    return phase.rate * seconds + slope * seconds * seconds / 2


def seconds_until(phase: Phase, count: float) -> float:
    """After how many seconds of a phase ``count`` requests have started: the inverse of `expected_count`."""
    if not count:
        return 0.0
    slope = (phase.end_rate - phase.rate) / phase.seconds
    # The textbook solution of the quadratic cancels catastrophically for a small slope; this form does not.
    return 2 * count / (phase.rate + math.sqrt(max(0.0, phase.rate**2 + 2 * slope * count)))


def arrival_counts(rng: Random | None) -> Iterator[float]:
    """Expected counts at which requests start: 0, 1, 2, …, or with exponential gaps if ``rng`` is given.

    Mapped through `seconds_until`, exponential gaps of mean 1 make a Poisson process with the phase's rate.
    """
    if rng is None:
        return itertools.count(0.0, 1.0)
    return itertools.accumulate(rng.expovariate(1.0) for _ in itertools.count())


def arrivals(phases: Iterable[Phase], rng: Random | None = None) -> Iterator[Arrival]:
    """Intended starts of all phases in order: evenly spaced, or a Poisson process if ``rng`` is given."""
    counts = arrival_counts(rng)
    count = next(counts)
    begin_seconds = begin_count = 0.0
    for index, phase in enumerate(phases):
        end_count = begin_count + expected_count(phase, phase.seconds)
        while count < end_count - 1e-9:
            yield Arrival(begin_seconds + seconds_until(phase, count - begin_count), index)
            count = next(counts)
        begin_seconds += phase.seconds
        begin_count = end_count
