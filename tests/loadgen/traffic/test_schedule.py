"""Intended starts follow the rates exactly, ramps included; Poisson arrivals have the right mean and variance."""

import itertools
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from event_platform.loadgen.traffic.scenario import Phase
from event_platform.loadgen.traffic.schedule import arrivals, expected_count, seconds_until

PHASES = st.builds(
    Phase,
    seconds=st.floats(0.1, 1_000),
    rate=st.floats(0.01, 1_000),
    ramp_to=st.none() | st.floats(0, 1_000),
)


def test_a_constant_rate_is_evenly_spaced() -> None:
    """100 per second for 60 s make 6,000 starts, 10 ms apart, the first at 0 s."""
    starts = [arrival.start_seconds for arrival in arrivals([Phase(60, 100)])]
    assert len(starts) == 6_000
    assert starts[0] == 0
    assert all(later - earlier == pytest.approx(0.01) for earlier, later in itertools.pairwise(starts))


def test_a_ramp_has_the_area_under_its_rate() -> None:
    """From 0 to 100 per second in 10 s there are 500 starts, a quarter of them in the first half."""
    starts = [arrival.start_seconds for arrival in arrivals([Phase(10, 0, ramp_to=100)])]
    assert len(starts) == 500
    assert sum(at < 5 for at in starts) == 125


def test_phases_follow_each_other_without_gap_or_extra_start() -> None:
    """A fraction of a request left over by one phase is completed in the next."""
    starts = list(arrivals([Phase(1, 2.5), Phase(1, 2.5), Phase(2, 0), Phase(1, 1)]))
    assert [arrival.start_seconds for arrival in starts] == pytest.approx([0, 0.4, 0.8, 1.2, 1.6, 4])
    assert [arrival.phase for arrival in starts] == [0, 0, 0, 1, 1, 3]


@given(PHASES, st.floats(0, 1))
def test_time_and_count_are_inverse(phase: Phase, share: float) -> None:
    """After `seconds_until` n seconds, n requests have started."""
    seconds = phase.seconds * share
    count = expected_count(phase, seconds)
    assert expected_count(phase, seconds_until(phase, count)) == pytest.approx(count, rel=1e-6, abs=1e-6)


@given(PHASES)
def test_starts_are_in_order_and_within_the_phase(phase: Phase) -> None:
    """Intended starts are sorted, and none lies outside the phase."""
    starts = [arrival.start_seconds for arrival in itertools.islice(arrivals([phase]), 500)]
    assert starts == sorted(starts)
    assert all(0 <= at <= phase.seconds for at in starts)


def test_poisson_arrivals_have_the_rate_and_its_variance() -> None:
    """Gaps of a Poisson process have a standard deviation equal to their mean."""
    starts = [arrival.start_seconds for arrival in arrivals([Phase(1_000, 50)], Random(1))]
    gaps = [later - earlier for earlier, later in itertools.pairwise(starts)]
    mean = sum(gaps) / len(gaps)
    deviation = (sum((gap - mean) ** 2 for gap in gaps) / len(gaps)) ** 0.5
    assert len(starts) == pytest.approx(50_000, rel=0.02)
    assert deviation == pytest.approx(mean, rel=0.03)
