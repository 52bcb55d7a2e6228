"""Overrides a scenario's rates, duration and shares with those given on the command line."""

from dataclasses import dataclass

import msgspec

from event_platform.core.errors import ConfigurationError
from event_platform.loadgen.traffic.request_kinds import BAD_RATE_MIX, DUPLICATE, DUPLICATE_KINDS, REUSED_KEY
from event_platform.loadgen.traffic.scenario import Phase, Scenario


@dataclass(frozen=True, slots=True)
class Overrides:
    """Values from the command line; None keeps the scenario's own.

    Attributes:
        rps: Highest rate in requests per second; all rates scale with it.
        minutes: Total duration; all phases scale with it.
        duplicate_rate: Share of duplicates in each phase.
        bad_rate: Share of malformed events in each phase.
    """

    rps: float | None = None
    minutes: float | None = None
    duplicate_rate: float | None = None
    bad_rate: float | None = None


def apply_overrides(scenario: Scenario, overrides: Overrides) -> Scenario:
    """Return ``scenario`` with its rates, durations and shares overridden.

    Raises:
        ConfigurationError: The shares exceed 1, or a rate is given for a scenario that sends nothing.
    """
    rate_factor = _factor(overrides.rps, scenario.peak_rate)
    time_factor = _factor(None if overrides.minutes is None else overrides.minutes * 60, scenario.seconds)
    try:
        phases = tuple(_scaled(phase, overrides, rate_factor, time_factor) for phase in scenario.phases)
    except ValueError as error:
        raise ConfigurationError(f"--duplicate-rate and --bad-rate: {error}") from error
    return msgspec.structs.replace(scenario, phases=phases)


def _factor(wanted: float | None, own: float) -> float:
    if wanted is None:
        return 1.0
    if not own:
        raise ConfigurationError("--rps: the scenario sends nothing, so its rate cannot be scaled")
    return wanted / own


def _scaled(phase: Phase, overrides: Overrides, rate_factor: float, time_factor: float) -> Phase:
    return Phase(
        name=phase.name,
        seconds=phase.seconds * time_factor,
        rate=phase.rate * rate_factor,
        ramp_to=None if phase.ramp_to is None else phase.ramp_to * rate_factor,
        mix=_mix(phase.mix, overrides),
    )


def _mix(own: dict[str, float], overrides: Overrides) -> dict[str, float]:
    duplicates = {name: share for name, share in own.items() if name in DUPLICATE_KINDS}
    reused_keys = {name: share for name, share in own.items() if name == REUSED_KEY.name}
    malformed = {name: share for name, share in own.items() if name not in duplicates and name not in reused_keys}
    if overrides.duplicate_rate is not None:
        duplicates = {DUPLICATE.name: overrides.duplicate_rate}
    if overrides.bad_rate is not None:
        malformed = {name: share * overrides.bad_rate for name, share in BAD_RATE_MIX.items()}
    return duplicates | reused_keys | malformed
