"""A scenario as the command line's flags change it."""

import msgspec
from msgspec import Struct

from event_platform.core.errors import ConfigurationError
from event_platform.loadgen.traffic.request_kinds import BAD_MIX, COPIES, DUPLICATE, REUSED_KEY
from event_platform.loadgen.traffic.scenario import Phase, Scenario


class Changes(Struct, frozen=True):
    """What the flags ask for; None leaves the scenario's own.

    Attributes:
        rps: The highest rate; all rates change in proportion.
        minutes: How long it lasts; all phases change in proportion.
        duplicate_rate: Share of duplicates in each phase, in place of its own copies.
        bad_rate: Share of malformed events in each phase, in place of its own.
    """

    rps: float | None = None
    minutes: float | None = None
    duplicate_rate: float | None = None
    bad_rate: float | None = None


def tailored(scenario: Scenario, changes: Changes) -> Scenario:
    """``scenario`` with ``changes``.

    Raises:
        ConfigurationError: The shares exceed 1, or a scenario without any traffic is to be made faster.
    """
    faster = _ratio(changes.rps, scenario.peak_rate)
    longer = _ratio(None if changes.minutes is None else changes.minutes * 60, scenario.seconds)
    try:
        phases = tuple(_change(phase, changes, faster, longer) for phase in scenario.phases)
    except ValueError as error:
        raise ConfigurationError(f"--duplicate-rate and --bad-rate: {error}") from error
    return msgspec.structs.replace(scenario, phases=phases)


def _ratio(wanted: float | None, own: float) -> float:
    if wanted is None:
        return 1.0
    if not own:
        raise ConfigurationError("--rps: the scenario sends nothing, so there is nothing to make faster")
    return wanted / own


def _change(phase: Phase, changes: Changes, faster: float, longer: float) -> Phase:
    return Phase(
        name=phase.name,
        seconds=phase.seconds * longer,
        rate=phase.rate * faster,
        ramp_to=None if phase.ramp_to is None else phase.ramp_to * faster,
        mix=_mix(phase.mix, changes),
    )


def _mix(own: dict[str, float], changes: Changes) -> dict[str, float]:
    copies = {name: share for name, share in own.items() if name in COPIES}
    others = {name: share for name, share in own.items() if name == REUSED_KEY.name}
    bad = {name: share for name, share in own.items() if name not in copies and name not in others}
    if changes.duplicate_rate is not None:
        copies = {DUPLICATE.name: changes.duplicate_rate}
    if changes.bad_rate is not None:
        bad = {name: share * changes.bad_rate for name, share in BAD_MIX.items()}
    return copies | others | bad
