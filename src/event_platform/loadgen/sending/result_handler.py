"""Counts and logs the results of attempts, and selects the events to retry."""

from dataclasses import dataclass
from random import Random

from event_platform.loadgen.recording.attempt_log import AttemptLog
from event_platform.loadgen.recording.attempt_result import AttemptResult
from event_platform.loadgen.recording.counters import Counters
from event_platform.loadgen.sending import retry_policy
from event_platform.loadgen.traffic.events import Event


@dataclass(frozen=True, slots=True)
class PendingRetry:
    """Events to retry after a delay, each with the result of its last attempt."""

    delay_seconds: float
    results: tuple[tuple[Event, AttemptResult], ...]

    @property
    def events(self) -> tuple[Event, ...]:
        """Events to send again."""
        return tuple(event for event, _ in self.results)


class ResultHandler:
    """Keeps the counters of the current interval and the attempt log of the run."""

    def __init__(self, attempt_log: AttemptLog, rng: Random, *, retries: bool) -> None:
        self.counters = Counters()
        self._attempt_log = attempt_log
        self._rng = rng
        self._retries = retries

    def handle(
        self, events: tuple[Event, ...], results: list[AttemptResult], attempt: int, latency_seconds: float
    ) -> PendingRetry | None:
        """Record the results of a request's events; return those to retry, or None if all results are final."""
        retried: list[tuple[Event, AttemptResult]] = []
        delay_seconds = 0.0
        for event, result in zip(events, results, strict=True):
            delay = self._record(event, result, attempt)
            if delay is None:
                self.counters.record_final(event, result, latency_seconds)
            else:
                retried.append((event, result))
                delay_seconds = max(delay_seconds, delay)
        return PendingRetry(delay_seconds, tuple(retried)) if retried else None

    def _record(self, event: Event, result: AttemptResult, attempt: int) -> float | None:
        """Log and count one attempt; return the delay before the next, or None if its result is final."""
        self._attempt_log.append(event, result)
        self.counters.answers[result.label] += 1
        return retry_policy.delay_seconds(result, attempt, self._rng.random()) if self._retries else None

    def give_up(self, pending: PendingRetry, latency_seconds: float) -> None:
        """Make the results of a pending retry final."""
        for event, result in pending.results:
            self.counters.record_final(event, result, latency_seconds)

    def stop_retrying(self) -> None:
        """From now on, treat every result as final."""
        self._retries = False

    def take_counters(self) -> Counters:
        """Return what was counted since the last call."""
        taken, self.counters = self.counters, Counters()
        return taken
