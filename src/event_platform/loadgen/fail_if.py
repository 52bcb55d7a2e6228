"""Conditions such as ``p99>50ms`` or ``failed>1%`` under which a run counts as failed."""

import operator
import re
from collections.abc import Callable
from typing import Final

from msgspec import Struct

from event_platform.core.errors import ConfigurationError
from event_platform.loadgen.summary import Summary

_FORM = re.compile(r"\s*([a-z0-9_-]+)\s*(<=|>=|<|>)\s*([0-9]+(?:\.[0-9]+)?)\s*(us|ms|s|%|)\s*")
_COMPARE: Final[dict[str, Callable[[float, float], bool]]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_MILLISECONDS: Final = {"us": 0.001, "ms": 1.0, "s": 1_000.0}
_LATENCIES: Final = ("avg", "p50", "p95", "p99", "max")
_COUNTS: Final = (
    *("sent", "accepted", "duplicates", "rate_limited", "invalid", "in_progress", "failed"),
    *("dropped", "late", "retries", "achieved_rate"),
)
_EXPECTED = (
    f"expected a condition like 'p99>50ms', 'failed>1%' or 'achieved_rate<95', with one of {', '.join(_LATENCIES)} "
    f"(in us, ms or s) or {', '.join(_COUNTS)} (a number, or % of those sent)"
)


class Condition(Struct, frozen=True):
    """A figure of the summary, compared with a bound."""

    text: str
    figure: str
    comparison: str
    bound: float
    unit: str

    def holds(self, summary: Summary) -> bool:
        """Whether the run has failed by it."""
        return _COMPARE[self.comparison](self._value(summary), self.bound)

    def _value(self, summary: Summary) -> float:
        if self.figure in _LATENCIES:
            value: float = getattr(summary.latency_ms, self.figure) / _MILLISECONDS[self.unit]
            return value
        number: float = getattr(summary, self.figure)
        return 100 * number / max(summary.sent, 1) if self.unit == "%" else number


def parse(text: str) -> Condition:
    """The condition in ``text``.

    Raises:
        ConfigurationError: It has another form, an unknown figure, or a unit that does not fit.
    """
    match = _FORM.fullmatch(text)
    figure = match[1].replace("-", "_") if match else ""
    units = tuple(_MILLISECONDS) if figure in _LATENCIES else ("", "%") if figure in _COUNTS else ()
    if match is None or match[4] not in units:
        raise ConfigurationError(f"--fail-if {text!r}: {_EXPECTED}")
    return Condition(text, figure, match[2], float(match[3]), match[4])
