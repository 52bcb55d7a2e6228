"""Intended starts follow the rates exactly, ramps included, and Poisson arrivals have the right mean."""

import itertools
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from event_platform.loadgen.traffic.scenario import Phase
from event_platform.loadgen.traffic.schedule import arrivals, expected_count, time_of

PHASES = st.builds(
    Phase,
    seconds=st.floats(0.1, 1_000),
    rate=st.floats(0.01, 1_000),
    ramp_to=st.none() | st.floats(0, 1_000),
)


def test_a_constant_rate_is_evenly_spaced() -> None:
    """100 a second for 60 s are 6,000 starts, 10 ms apart, the first at once."""
    starts = [arrival.at for arrival in arrivals([Phase(60, 100)])]
    assert len(starts) == 6_000
    assert starts[0] == 0
    assert all(later - earlier == pytest.approx(0.01) for earlier, later in itertools.pairwise(starts))


def test_a_ramp_has_the_area_under_its_rate() -> None:
    """From 0 to 100 a second in 10 s are 500 starts, a quarter of them in the first half."""
    starts = [arrival.at for arrival in arrivals([Phase(10, 0, ramp_to=100)])]
    assert len(starts) == 500
    assert sum(at < 5 for at in starts) == 125


def test_phases_follow_each_other_without_gap_or_extra_start() -> None:
    """Half a request left over by one phase is made whole by the next."""
    starts = list(arrivals([Phase(1, 2.5), Phase(1, 2.5), Phase(2, 0), Phase(1, 1)]))
    assert [arrival.at for arrival in starts] == pytest.approx([0, 0.4, 0.8, 1.2, 1.6, 4])
    assert [arrival.phase for arrival in starts] == [0, 0, 0, 1, 1, 3]


@given(PHASES, st.floats(0, 1))
def test_time_and_count_are_inverse(phase: Phase, share: float) -> None:
    """After `time_of` n seconds, n requests have started."""
    seconds = phase.seconds * share
    count = expected_count(phase, seconds)
    assert expected_count(phase, time_of(phase, count)) == pytest.approx(count, rel=1e-6, abs=1e-6)


@given(PHASES)
def test_starts_never_run_backwards_or_beyond_the_phase(phase: Phase) -> None:
    """Intended starts are in order and within the phase."""
    starts = [arrival.at for arrival in itertools.islice(arrivals([phase]), 500)]
    assert starts == sorted(starts)
    assert all(0 <= at <= phase.seconds for at in starts)


def test_poisson_arrivals_have_the_rate_and_the_spread() -> None:
    """Gaps of a Poisson process have a standard deviation like their mean."""
    starts = [arrival.at for arrival in arrivals([Phase(1_000, 50)], Random(1))]
    gaps = [later - earlier for earlier, later in itertools.pairwise(starts)]
    mean = sum(gaps) / len(gaps)
    deviation = (sum((gap - mean) ** 2 for gap in gaps) / len(gaps)) ** 0.5
    assert len(starts) == pytest.approx(50_000, rel=0.02)
    assert deviation == pytest.approx(mean, rel=0.03)
