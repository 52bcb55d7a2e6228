"""``--fail-if``: conditions such as ``p99>50ms`` or ``failed>1%`` under which a run counts as failed."""

import math
import operator
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from event_platform.core.errors import ConfigurationError
from event_platform.loadgen.report.summary import Summary

_SYNTAX: Final = re.compile(r"\s*([a-z0-9_-]+)\s*(<=|>=|<|>)\s*([0-9]+(?:\.[0-9]+)?)\s*(us|ms|s|%|)\s*")
_COMPARE: Final[dict[str, Callable[[float, float], bool]]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_MILLISECONDS: Final = {"us": 0.001, "ms": 1.0, "s": 1_000.0}
_LATENCIES: Final = ("avg", "p50", "p95", "p99", "max")
_ACCEPTED: Final = "accepted_"
"""Prefix for the latency of accepted events alone, which fast refusals do not improve."""

_COUNTS: Final = (
    *("sent", "accepted", "duplicates", "rate_limited", "invalid", "in_progress", "failed"),
    *("dropped", "late", "retries", "achieved_rate"),
)
_EXPECTED: Final = (
    f"expected a condition like 'p99>50ms', 'failed>1%' or 'achieved_rate<95', with one of {', '.join(_LATENCIES)} "
    f"(in us, ms or s; accepted_p99 and so on for accepted events alone) or {', '.join(_COUNTS)} "
    "(a number, or % of those sent)"
)


@dataclass(frozen=True, slots=True)
class FailCondition:
    """Comparison of a figure of the summary with a bound."""

    text: str
    figure: str
    comparison: str
    bound: float
    unit: str

    def holds(self, summary: Summary) -> bool:
        """Whether the run has failed by this condition."""
        return _COMPARE[self.comparison](self._value(summary), self.bound)

    def _value(self, summary: Summary) -> float:
        if _is_latency(self.figure):
            return _latency_ms(summary, self.figure) / _MILLISECONDS[self.unit]
        number: float = getattr(summary, self.figure)
        return 100 * number / max(summary.sent, 1) if self.unit == "%" else number


def parse(text: str) -> FailCondition:
    """Parse a condition.

    Raises:
        ConfigurationError: Its syntax, its figure or its unit is wrong; the message says what is expected.
    """
    match = _SYNTAX.fullmatch(text)
    figure = match[1].replace("-", "_") if match else ""
    if match is None or match[4] not in _units(figure) or not math.isfinite(float(match[3])):
        raise ConfigurationError(f"--fail-if {text!r}: {_EXPECTED}")
    return FailCondition(text, figure, match[2], float(match[3]), match[4])


def _units(figure: str) -> tuple[str, ...]:
    """Return the units a figure may have; none if it is unknown."""
    if _is_latency(figure):
        return tuple(_MILLISECONDS)
    return ("", "%") if figure in _COUNTS else ()


def _is_latency(figure: str) -> bool:
    return figure.removeprefix(_ACCEPTED) in _LATENCIES


def _latency_ms(summary: Summary, figure: str) -> float:
    name = figure.removeprefix(_ACCEPTED)
    durations = summary.latency_by_outcome.get("accepted") if figure != name else summary.latency_ms
    # A run that accepted nothing exceeds every bound on the latency of accepted events.
    value: float = getattr(durations, name) if durations else math.inf
    return value
