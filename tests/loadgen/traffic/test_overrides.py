"""The command line overrides a scenario's rates, duration and shares."""

import pytest

from event_platform.core.errors import ConfigurationError
from event_platform.loadgen.traffic import scenario_files
from event_platform.loadgen.traffic.overrides import Overrides, apply_overrides


def test_rates_and_durations_scale() -> None:
    """--rps sets the highest rate and --minutes the total duration, and the shape stays."""
    spike = apply_overrides(scenario_files.load("spike"), Overrides(rps=800, minutes=10))
    assert spike.peak_rate == pytest.approx(800)
    assert spike.seconds == pytest.approx(600)
    assert spike.phases[0].rate == pytest.approx(40)


def test_shares_replace_those_of_the_scenario() -> None:
    """--duplicate-rate and --bad-rate apply to each phase, whatever the file says."""
    for phase in apply_overrides(scenario_files.load("poison"), Overrides(duplicate_rate=0.1, bad_rate=0.05)).phases:
        assert phase.mix.pop("duplicate") == 0.1
        assert sum(phase.mix.values()) == pytest.approx(0.05)


def test_shares_above_one_are_refused() -> None:
    """A share is never reduced silently."""
    with pytest.raises(ConfigurationError, match="--duplicate-rate and --bad-rate: mix: expected shares of at most 1"):
        apply_overrides(scenario_files.load("baseline"), Overrides(duplicate_rate=0.8, bad_rate=0.4))
