"""A run second by second, for the live view and the report's charts."""

from typing import Final

from msgspec import Struct

from event_platform.loadgen.recording.attempt_result import Outcome
from event_platform.loadgen.recording.counters import Counters

_INTERVAL_SECONDS: Final = 1.0
_MIN_LAST_SECONDS: Final = 0.5


class TimelinePoint(Struct, frozen=True):
    """What was completed in one interval.

    Attributes:
        at: Start of the interval, in seconds after the start of the run.
        seconds: Length of the interval.
        counts: Events by outcome.
        p50: Median latency in seconds.
        p99: 99th percentile of the latency in seconds.
    """

    at: float
    seconds: float
    counts: dict[Outcome, int]
    p50: float
    p99: float

    def rate(self, *outcomes: Outcome) -> float:
        """Return events per second with one of these outcomes, or with any if none is given."""
        return sum(self.counts[outcome] for outcome in outcomes or Outcome) / self.seconds


class Timeline:
    """Joins the workers' reports into intervals of a second or slightly more."""

    def __init__(self) -> None:
        self.points: list[TimelinePoint] = []
        self._interval_start = 0.0
        self._latest = 0.0
        self._current = Counters()
        self._previous = Counters()

    def add(self, elapsed_seconds: float, counters: Counters) -> None:
        """Add a report that came ``elapsed_seconds`` after the start of the run."""
        self._current.merge(counters)
        self._latest = elapsed_seconds
        if elapsed_seconds - self._interval_start >= _INTERVAL_SECONDS:
            self._close_interval()

    def finish(self) -> None:
        """Close the last interval; merge a short one into the previous, because its rate would mislead."""
        if not self._current.sent:
            return
        if self.points and self._latest - self._interval_start < _MIN_LAST_SECONDS:
            self._interval_start = self.points.pop().at
            self._current.merge(self._previous)
        self._close_interval()

    def _close_interval(self) -> None:
        counts = {outcome: self._current.count(outcome) for outcome in Outcome}
        latency = self._current.latency
        seconds = max(self._latest - self._interval_start, 0.001)
        p50, p99 = latency.percentile(50), latency.percentile(99)
        self.points.append(TimelinePoint(self._interval_start, seconds, counts, p50, p99))
        self._interval_start, self._previous, self._current = self._latest, self._current, Counters()
