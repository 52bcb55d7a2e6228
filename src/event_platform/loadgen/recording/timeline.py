"""A run second by second, for the live view and the report's charts."""

from msgspec import Struct

from event_platform.loadgen.recording.attempt_result import Outcome
from event_platform.loadgen.recording.counters import Tally

_SHORTEST_SECONDS = 0.5


class Point(Struct, frozen=True):
    """What ended in one interval.

    Attributes:
        at: Its start, in seconds after the run's.
        seconds: Its length.
        counts: Events by outcome.
        p50: Of the latencies, in seconds, as is `p99`.
    """

    at: float
    seconds: float
    counts: dict[Outcome, int]
    p50: float
    p99: float

    def rate(self, *outcomes: Outcome) -> float:
        """Events a second with these outcomes, or with any where none is named."""
        return sum(self.counts[outcome] for outcome in outcomes or Outcome) / self.seconds


class Timeline:
    """Joins the workers' reports into intervals of a second or little more."""

    def __init__(self) -> None:
        self.points: list[Point] = []
        self._begun = 0.0
        self._latest = 0.0
        self._open = Tally()
        self._last = Tally()

    def add(self, elapsed_seconds: float, tally: Tally) -> None:
        """A report that came so long after the run's start."""
        self._open.add(tally)
        self._latest = elapsed_seconds
        if elapsed_seconds - self._begun >= 1:
            self._close()

    def finish(self) -> None:
        """End the interval that is open; a short one joins the one before, because few events make no rate."""
        if not self._open.sent:
            return
        if self.points and self._latest - self._begun < _SHORTEST_SECONDS:
            self._begun = self.points.pop().at
            self._open.add(self._last)
        self._close()

    def _close(self) -> None:
        counts = {outcome: self._open.count(outcome) for outcome in Outcome}
        latency = self._open.latency
        seconds = max(self._latest - self._begun, 0.001)
        self.points.append(Point(self._begun, seconds, counts, latency.percentile(50), latency.percentile(99)))
        self._begun, self._last, self._open = self._latest, self._open, Tally()
