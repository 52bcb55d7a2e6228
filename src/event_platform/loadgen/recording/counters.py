"""Counts and durations of a run or a part of it; tallies of workers and intervals add up to the run's."""

from collections import Counter
from dataclasses import dataclass, field

from event_platform.loadgen.reconciliation.reconcile import REFUSED, STORED
from event_platform.loadgen.recording.attempt_result import Ended, Outcome
from event_platform.loadgen.recording.histogram import Histogram
from event_platform.loadgen.traffic.events import Event

LATE_SECONDS = 0.010
"""A request that starts this long after its intended start is late."""


@dataclass
class Tally:
    """What happened.

    Attributes:
        outcomes: Events by tenant and outcome; their sum is the number of events sent.
        answers: Attempts by answer.
        malformed_accepted: Events acknowledged that must become dead letters.
        late: Requests that the generator itself started late.
        dropped: Events never sent, because the generator was behind its schedule by more than the time-out.
        waited: Requests that had to wait, because no more connections may be open.
        retries: Further attempts.
        latencies: From the intended start to the final answer, or to giving up, retries included; by `Ended.answered`.
        service: From writing a request to its answer.
        lateness: From the intended start until the generator turned to the request.
    """

    outcomes: Counter[tuple[str, Outcome]] = field(default_factory=Counter)
    answers: Counter[str] = field(default_factory=Counter)
    malformed_accepted: int = 0
    late: int = 0
    dropped: int = 0
    waited: int = 0
    retries: int = 0
    latencies: dict[str, Histogram] = field(default_factory=dict)
    service: Histogram = field(default_factory=Histogram)
    lateness: Histogram = field(default_factory=Histogram)

    def start(self, lateness_seconds: float) -> None:
        """A request is about to start, so long after its intended start."""
        self.lateness.record(lateness_seconds)
        self.late += lateness_seconds > LATE_SECONDS

    def end(self, event: Event, ended: Ended, latency_seconds: float) -> None:
        """An event has its final answer, or was given up."""
        self.outcomes[event.tenant, ended.outcome] += 1
        self.malformed_accepted += ended.outcome is Outcome.ACCEPTED and event.kind.expected not in {STORED, REFUSED}
        self._latencies_of(ended.answered).record(latency_seconds)

    def _latencies_of(self, answered: str) -> Histogram:
        found = self.latencies.get(answered)
        if found is None:
            found = self.latencies[answered] = Histogram()
        return found

    def add(self, other: "Tally") -> None:
        """Add what ``other`` counted."""
        self.outcomes.update(other.outcomes)
        self.answers.update(other.answers)
        for name in ("malformed_accepted", "late", "dropped", "waited", "retries"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        for answered, latencies in other.latencies.items():
            self._latencies_of(answered).add(latencies)
        self.service.add(other.service)
        self.lateness.add(other.lateness)

    @property
    def latency(self) -> Histogram:
        """Of all events, whatever their answers."""
        whole = Histogram()
        for latencies in self.latencies.values():
            whole.add(latencies)
        return whole

    @property
    def sent(self) -> int:
        """Events whose end is known."""
        return self.outcomes.total()

    def count(self, outcome: Outcome, tenant: str | None = None) -> int:
        """Events with that outcome, of all tenants or of one."""
        return sum(n for (owner, name), n in self.outcomes.items() if name is outcome and tenant in {None, owner})
