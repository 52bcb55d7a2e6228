"""What a scenario holds: who sends what, how fast and for how long."""

import re
from typing import Annotated, Final, Literal

from msgspec import Meta, Struct, field

from event_platform.loadgen.traffic.request_kinds import NEW, REQUEST_KINDS

_MAX_WEIGHT: Final = 1_000_000
"""Keeps sums of weights finite."""

_ROUNDING: Final = 1e-9
_EVENT_TYPE: Final = re.compile(r"[A-Za-z0-9._-]{1,200}")

Rate = Annotated[float, Meta(ge=0, le=1_000_000)]
"""Requests per second."""

Weight = Annotated[float, Meta(gt=0, le=_MAX_WEIGHT)]


class Phase(Struct, frozen=True, forbid_unknown_fields=True):
    """A period with one mix of requests.

    Attributes:
        rate: Requests per second at the start.
        ramp_to: Requests per second at the end, reached linearly; None keeps ``rate``.
        mix: Shares of the kinds of requests; the remainder is new events.
    """

    seconds: Annotated[float, Meta(gt=0, le=604_800)]
    rate: Rate
    name: str = ""
    ramp_to: Rate | None = None
    mix: dict[str, float] = {}

    def __post_init__(self) -> None:
        unknown = sorted(self.mix.keys() - REQUEST_KINDS.keys())
        if unknown:
            raise ValueError(f"mix: unknown kind {unknown[0]}, expected one of {', '.join(REQUEST_KINDS)}")
        if NEW.name in self.mix:
            raise ValueError("mix: new is what the other shares leave, so it is not given")
        for name, share in self.mix.items():
            if not 0 <= share <= 1:
                raise ValueError(f"mix.{name}: expected a share from 0 to 1, got {share:g}")
        if sum(self.mix.values()) > 1 + _ROUNDING:
            raise ValueError(f"mix: expected shares of at most 1 together, got {sum(self.mix.values()):g}")

    @property
    def end_rate(self) -> float:
        """Requests per second at the end of the phase."""
        return self.rate if self.ramp_to is None else self.ramp_to


class PayloadBytes(Struct, frozen=True, forbid_unknown_fields=True):
    """Approximate size of payloads, uniformly distributed from ``min`` to ``max``."""

    min: Annotated[int, Meta(ge=0, le=200_000)] = 40
    max: Annotated[int, Meta(ge=0, le=200_000)] = 400

    def __post_init__(self) -> None:
        if self.min > self.max:
            raise ValueError(f"min: expected at most max, got {self.min} > {self.max}")


class Scenario(Struct, frozen=True, forbid_unknown_fields=True):
    """What a run sends.

    Attributes:
        tenant_weights: Relative traffic of the first, second, … tenant; the last weight applies to all further ones.
        event_types: Relative frequency of each event type.
        arrivals: ``constant`` spaces requests evenly; ``poisson`` spaces them as independent producers would.
        oversize_bytes: Payload size of the kind ``oversize``.
    """

    description: str
    phases: Annotated[tuple[Phase, ...], Meta(min_length=1)]
    arrivals: Literal["constant", "poisson"] = "constant"
    tenant_weights: Annotated[tuple[Weight, ...], Meta(min_length=1)] = (1.0,)
    event_types: Annotated[dict[str, Annotated[float, Meta(le=_MAX_WEIGHT)]], Meta(min_length=1)] = field(
        default_factory=lambda: {"user_login": 1.0}
    )
    payload_bytes: PayloadBytes = PayloadBytes()
    oversize_bytes: Annotated[int, Meta(ge=1_000, le=4_000_000)] = 300_000

    def __post_init__(self) -> None:
        for name, weight in self.event_types.items():
            if not _EVENT_TYPE.fullmatch(name):
                raise ValueError(f"event_types.{name}: expected 1 to 200 letters, digits, dots, underscores or hyphens")
            if not weight > 0:
                raise ValueError(f"event_types.{name}: expected a weight above 0, got {weight:g}")

    @property
    def seconds(self) -> float:
        """Total duration."""
        return sum(phase.seconds for phase in self.phases)

    @property
    def peak_rate(self) -> float:
        """Highest rate of any phase, in requests per second."""
        return max(max(phase.rate, phase.end_rate) for phase in self.phases)
