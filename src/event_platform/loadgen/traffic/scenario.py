"""Scenarios: JSON files that say who sends what, how fast and for how long."""

import codecs
import re
from importlib import resources
from pathlib import Path
from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta, Struct, field

from event_platform.core.errors import ConfigurationError
from event_platform.loadgen.traffic.request_kinds import KINDS, NEW

_HEAVIEST: Final = 1_000_000
"""Weights; sums of them stay numbers."""

Rate = Annotated[float, Meta(ge=0, le=1_000_000)]
Weight = Annotated[float, Meta(gt=0, le=_HEAVIEST)]

_FOLDER: Final = resources.files("event_platform.loadgen.traffic") / "scenarios"
_ROUNDING = 1e-9
_EVENT_TYPE = re.compile(r"[A-Za-z0-9._-]{1,200}")


class Phase(Struct, frozen=True, forbid_unknown_fields=True):
    """A stretch of time with one mix.

    Attributes:
        rate: Requests a second at its start.
        ramp_to: Requests a second at its end, reached evenly; as at its start if not given.
        mix: Shares of the kinds of requests; what they leave is new events.
    """

    seconds: Annotated[float, Meta(gt=0, le=604_800)]
    rate: Rate
    name: str = ""
    ramp_to: Rate | None = None
    mix: dict[str, float] = {}

    def __post_init__(self) -> None:
        unknown = sorted(self.mix.keys() - KINDS.keys())
        if unknown:
            raise ValueError(f"mix: unknown kind {unknown[0]}, expected one of {', '.join(KINDS)}")
        if NEW.name in self.mix:
            raise ValueError("mix: new is what the other shares leave, so it is not given")
        for name, share in self.mix.items():
            if not 0 <= share <= 1:
                raise ValueError(f"mix.{name}: expected a share from 0 to 1, got {share:g}")
        if sum(self.mix.values()) > 1 + _ROUNDING:
            raise ValueError(f"mix: expected shares of at most 1 together, got {sum(self.mix.values()):g}")

    @property
    def end_rate(self) -> float:
        """Requests a second at its end."""
        return self.rate if self.ramp_to is None else self.ramp_to


class PayloadBytes(Struct, frozen=True, forbid_unknown_fields=True):
    """About how large payloads are; each size between the two is as likely."""

    min: Annotated[int, Meta(ge=0, le=200_000)] = 40
    max: Annotated[int, Meta(ge=0, le=200_000)] = 400

    def __post_init__(self) -> None:
        if self.min > self.max:
            raise ValueError(f"min: expected at most max, got {self.min} > {self.max}")


class Scenario(Struct, frozen=True, forbid_unknown_fields=True):
    """What a run sends.

    Attributes:
        tenant_weights: How much the first, second, … tenant sends in comparison; further tenants as the last one.
        event_types: How often each type comes in comparison.
        arrivals: Evenly spaced, or at random as independent producers send.
        oversize_bytes: Size of the kind ``oversize``.
    """

    description: str
    phases: Annotated[tuple[Phase, ...], Meta(min_length=1)]
    arrivals: Literal["constant", "poisson"] = "constant"
    tenant_weights: Annotated[tuple[Weight, ...], Meta(min_length=1)] = (1.0,)
    event_types: Annotated[dict[str, Annotated[float, Meta(le=_HEAVIEST)]], Meta(min_length=1)] = field(
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
        """How long it lasts."""
        return sum(phase.seconds for phase in self.phases)

    @property
    def peak_rate(self) -> float:
        """The highest rate that it reaches, in requests a second."""
        return max(max(phase.rate, phase.end_rate) for phase in self.phases)


def names() -> list[str]:
    """The scenarios that come with the platform."""
    return sorted(file.name.removesuffix(".json") for file in _FOLDER.iterdir() if file.name.endswith(".json"))


def load(name_or_path: str) -> Scenario:
    """The scenario of that name, or in that file.

    Raises:
        ConfigurationError: There is none, or a field of it is wrong; the message names the field and what was expected.
    """
    if name_or_path in names():
        return parse(name_or_path, (_FOLDER / f"{name_or_path}.json").read_bytes())
    try:
        return parse(name_or_path, Path(name_or_path).read_bytes())
    except OSError as error:
        known = ", ".join(names())
        raise ConfigurationError(
            f"no scenario {name_or_path}: expected one of {known}, or a file ({error.strerror})"
        ) from error


def parse(source: str, text: bytes) -> Scenario:
    """The scenario in ``text``; ``source`` names it in errors.

    Raises:
        ConfigurationError: As `load`.
    """
    try:
        return msgspec.json.decode(text.removeprefix(codecs.BOM_UTF8), type=Scenario)
    except msgspec.DecodeError as error:
        problem, _, place = str(error).replace("`", "").partition(" - at ")
        where = place.removeprefix("$").removeprefix(".") or "the whole"
        raise ConfigurationError(f"scenario {source}: {where}: {_in_a_sentence(problem)}") from error


def _in_a_sentence(problem: str) -> str:
    return problem if problem.startswith("JSON") else problem[:1].lower() + problem[1:]
