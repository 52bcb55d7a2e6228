"""Health of the processor: what it is doing, what keeps it from storing events, and what an operator should look at."""

from collections.abc import Iterator
from enum import StrEnum
from typing import Any, Final

from event_platform.core.envelope import format_timestamp
from event_platform.processor.database_clock import DatabaseClock
from event_platform.processor.monitoring.partition_status import PartitionStatus
from event_platform.processor.outages.dependency_status import DependencyStatus, LastError

MAX_WAIT_SECONDS: Final = 120.0
"""A running processor is down when an event has waited for longer."""


class ServiceState(StrEnum):
    """What the processor is doing: it starts, runs and stops, and starts again after it was fenced."""

    STARTING = "starting"
    RUNNING = "running"
    FENCED = "fenced"
    STOPPING = "stopping"


class Health:
    """The only owner of everything that `/health` reports; the processor's threads write it, HTTP reads it.

    Attributes:
        dependencies: Kafka, Postgres and the dead-letter topic.
        partitions: The partitions of the raw topic.
        state: Changed by the ``mark_`` methods only; once stopping it stays so.
    """

    def __init__(self, clock: DatabaseClock) -> None:
        self._clock = clock
        self._last_error = LastError(self._timestamp)
        self.dependencies = DependencyStatus(self._timestamp, self._last_error)
        self.partitions = PartitionStatus(self._last_error)
        self.state = ServiceState.STARTING
        self._detail: str | None = None
        self._batch_since: float | None = None
        self._behind_since: float | None = None
        self._burst: str | None = None
        self.unpublished = 0
        """Dead letters that are not in their topic yet."""

    def mark_starting(self) -> None:
        """Record that a new consumer joins the group."""
        self._change_state(ServiceState.STARTING)

    def mark_running(self) -> None:
        """Record that all assigned partitions are read; without effect in any state but ``starting``."""
        if self.state is ServiceState.STARTING:
            self._change_state(ServiceState.RUNNING)

    def mark_fenced(self, detail: str) -> None:
        """Record that another member of the group has our name; ``detail`` says what to change."""
        self._change_state(ServiceState.FENCED, detail)

    def mark_stopping(self) -> None:
        """Record that the processor ends."""
        self._change_state(ServiceState.STOPPING)

    def _change_state(self, state: ServiceState, detail: str | None = None) -> None:
        if self.state is not ServiceState.STOPPING:
            self.state, self._detail = state, detail

    def batch_started(self, oldest: float | None) -> None:
        """Record that a batch goes to Postgres whose oldest record Kafka took at this Unix time; None: unknown."""
        self._batch_since = self._now() if oldest is None else oldest

    def batch_stored(self) -> None:
        """Record that the batch is stored; whatever else waits, waits from now on."""
        self._batch_since = self._behind_since = None

    def set_behind(self, *, is_behind: bool) -> None:
        """Set whether Kafka has records that are not read yet; their wait counts from the first call that says so."""
        self._behind_since = (self._behind_since or self._now()) if is_behind else None

    def _timestamp(self) -> str:
        return format_timestamp(self._clock.now())

    def _now(self) -> float:
        return self._clock.now().timestamp()

    def set_unpublished(self, dead_letters: int) -> None:
        """Set how many dead letters are not in their topic yet."""
        self.unpublished = dead_letters

    def set_burst(self, burst: str | None) -> None:
        """Set the burst of dead letters that goes on now, in words; None where there is none."""
        self._burst = burst

    def oldest_seconds(self) -> float | None:
        """How long the oldest event has waited that is known and not stored yet; None where there is none."""
        waiting = [since for since in (self._batch_since, self._behind_since) if since is not None]
        return max(0.0, self._now() - min(waiting)) if waiting else None

    def status(self) -> str:
        """``ok``, ``degraded`` (all good events are stored, but an operator should look) or ``down``."""
        if any(self._errors()):
            return "down"
        return "degraded" if any(self._warnings()) else "ok"

    def reason(self) -> str | None:
        """Everything that is wrong, in one line; None where the status is ``ok``."""
        return "; ".join([*self._errors(), *self._warnings()]) or None

    def _errors(self) -> Iterator[str]:
        """What keeps good events from being stored."""
        if self.state is not ServiceState.RUNNING:
            yield self._detail or self.state
        if complaint := self._clock.skew_message():
            yield complaint
        yield from self.partitions.problems()
        yield from self.dependencies.critical_failures()
        oldest = self.oldest_seconds()
        if oldest is not None and oldest > MAX_WAIT_SECONDS:
            yield f"the oldest event has waited for {oldest:.0f} s"

    def _warnings(self) -> Iterator[str]:
        """What an operator should look at, although good events are stored."""
        yield from self.dependencies.background_failures()
        if self.unpublished:
            yield f"{self.unpublished} dead letters are not published yet"
        if self._burst:
            yield f"dead letters, {self._burst}"

    def report(self) -> dict[str, Any]:
        """The body of ``/health``."""
        oldest = self.oldest_seconds()
        return {
            "status": self.status(),
            "error": self.reason(),
            "state": self.state,
            "detail": self._detail,
            "oldest_unprocessed_seconds": None if oldest is None else round(oldest, 3),
            **self.partitions.report(),
            "unpublished_dead_letters": self.unpublished,
            "dead_letter_burst": self._burst,
            "last_error": self._last_error.report,
            "dependencies": self.dependencies.report(),
        }
