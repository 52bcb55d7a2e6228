"""When requests start: a phase's rates become intended start times, whatever the answers do."""

import itertools
import math
from collections.abc import Iterable, Iterator
from random import Random

from msgspec import Struct

from event_platform.loadgen.traffic.scenario import Phase


class Arrival(Struct, frozen=True):
    """An intended start, ``at`` seconds after the run's start, in the phase of that number."""

    at: float
    phase: int


def expected_count(phase: Phase, seconds: float) -> float:
    """How many requests start in the first ``seconds`` of a phase: the integral of its rate."""
    slope = (phase.end_rate - phase.rate) / phase.seconds
    return phase.rate * seconds + slope * seconds * seconds / 2


def time_of(phase: Phase, count: float) -> float:
    """After how many seconds of a phase ``count`` requests have started; `expected_count` the other way round."""
    if not count:
        return 0.0
    slope = (phase.end_rate - phase.rate) / phase.seconds
    # The usual solution of the quadratic loses all digits where the slope is small; this form does not.
    return 2 * count / (phase.rate + math.sqrt(max(0.0, phase.rate**2 + 2 * slope * count)))


def steps(chance: Random | None) -> Iterator[float]:
    """Counts at which requests start: 0, 1, 2, … evenly, or with exponential gaps where ``chance`` is given.

    Exponential gaps of mean 1, seen through `time_of`, are a Poisson process with the phase's rate.
    """
    if chance is None:
        return itertools.count(0.0, 1.0)
    return itertools.accumulate(chance.expovariate(1.0) for _ in itertools.count())


def arrivals(phases: Iterable[Phase], chance: Random | None = None) -> Iterator[Arrival]:
    """Intended starts of all phases in order; evenly spaced, or a Poisson process where ``chance`` is given."""
    counts = steps(chance)
    count = next(counts)
    begin_seconds = begin_count = 0.0
    for number, phase in enumerate(phases):
        end_count = begin_count + expected_count(phase, phase.seconds)
        while count < end_count - 1e-9:
            yield Arrival(begin_seconds + time_of(phase, count - begin_count), number)
            count = next(counts)
        begin_seconds += phase.seconds
        begin_count = end_count
