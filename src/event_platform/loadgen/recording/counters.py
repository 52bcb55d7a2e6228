"""Counts and latencies of a run or a part of it; those of workers and intervals add up to the run's."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Final

from event_platform.loadgen.recording.attempt_result import AttemptResult, Outcome
from event_platform.loadgen.recording.histogram import Histogram
from event_platform.loadgen.traffic.events import Event
from event_platform.loadgen.traffic.request_kinds import REFUSED, STORED

LATE_SECONDS: Final = 0.010
"""A request that starts this long after its intended start is late."""


@dataclass
class Counters:
    """What was counted and measured.

    Attributes:
        outcomes: Events by tenant and outcome; their sum is the number of events sent.
        answers: Attempts by label of the answer.
        malformed_accepted: Events acknowledged that must become dead letters.
        late: Requests that the generator itself started late.
        dropped: Events never sent, because the generator was behind its schedule by more than the time-out.
        waited: Requests that waited for a connection, because the limit of open connections was reached.
        retries: Attempts after the first.
        latencies: Intended start to final answer or giving up, retries included; by `AttemptResult.latency_group`.
        service_time: Writing of a request to its answer.
        lateness: Intended start to the start of the first attempt.
    """

    outcomes: Counter[tuple[str, Outcome]] = field(default_factory=Counter)
    answers: Counter[str] = field(default_factory=Counter)
    malformed_accepted: int = 0
    late: int = 0
    dropped: int = 0
    waited: int = 0
    retries: int = 0
    latencies: dict[str, Histogram] = field(default_factory=dict)
    service_time: Histogram = field(default_factory=Histogram)
    lateness: Histogram = field(default_factory=Histogram)

    def record_start(self, lateness_seconds: float) -> None:
        """Count a request that starts ``lateness_seconds`` after its intended start."""
        self.lateness.record(lateness_seconds)
        self.late += lateness_seconds > LATE_SECONDS

    def record_final(self, event: Event, result: AttemptResult, latency_seconds: float) -> None:
        """Count an event whose last attempt had this result."""
        self.outcomes[event.tenant, result.outcome] += 1
        self.malformed_accepted += result.outcome is Outcome.ACCEPTED and event.kind.expected not in {STORED, REFUSED}
        self._latencies_of(result.latency_group).record(latency_seconds)

    def _latencies_of(self, group: str) -> Histogram:
        latencies = self.latencies.get(group)
        if latencies is None:
            latencies = self.latencies[group] = Histogram()
        return latencies

    def merge(self, other: "Counters") -> None:
        """Add what ``other`` counted."""
        self.outcomes.update(other.outcomes)
        self.answers.update(other.answers)
        for name in ("malformed_accepted", "late", "dropped", "waited", "retries"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        for group, latencies in other.latencies.items():
            self._latencies_of(group).merge(latencies)
        self.service_time.merge(other.service_time)
        self.lateness.merge(other.lateness)

    @property
    def latency(self) -> Histogram:
        """Latencies of all events, whatever their answers."""
        merged = Histogram()
        for latencies in self.latencies.values():
            merged.merge(latencies)
        return merged

    @property
    def sent(self) -> int:
        """Events that have a final outcome."""
        return self.outcomes.total()

    def count(self, outcome: Outcome, tenant: str | None = None) -> int:
        """Return the number of events with that outcome, of one tenant or of all."""
        return sum(n for (owner, name), n in self.outcomes.items() if name is outcome and tenant in {None, owner})
