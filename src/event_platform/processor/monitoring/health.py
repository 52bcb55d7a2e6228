"""What the processor says of itself: its state, what it depends on, and how old the oldest unprocessed event is."""

import threading
from collections.abc import Collection, Iterator
from enum import StrEnum
from typing import Any, Final

import msgspec

from event_platform.core.envelope import timestamp
from event_platform.processor.database_clock import DatabaseClock

KAFKA: Final = "kafka"
POSTGRES: Final = "postgres"
DEAD_LETTER_TOPIC: Final = "dead_letter_topic"
PROCESSOR: Final = "processor"

OLDEST_ALLOWED_SECONDS: Final = 120.0
"""Events that wait for longer, while we claim to run, make us unhealthy."""


class State(StrEnum):
    """What the processor is doing."""

    STARTING = "starting"
    RUNNING = "running"
    FENCED = "fenced"
    STOPPING = "stopping"


class Failure(msgspec.Struct):
    """Something that goes wrong again and again."""

    dependency: str
    error: str
    since: str
    is_vital: bool = True
    """Whether good events are not stored because of it."""


class Health:
    """Written by the processor's threads, read by HTTP."""

    def __init__(self, clock: DatabaseClock) -> None:
        """Nothing is known yet."""
        self._clock = clock
        self._lock = threading.Lock()
        self._failures: dict[str, Failure] = {}
        self._seen_working: set[str] = set()
        self._last_error: dict[str, str] | None = None
        self._stopped: dict[int, str] = {}
        self.state = State.STARTING
        self.detail: str | None = None
        self.partitions: tuple[int, ...] = ()
        self.unmoved: dict[int, str] = {}
        """Partitions that nobody reads, though events wait there, with what is to be said of them."""
        self.waiting_since: float | None = None
        """Unix time of the oldest event that is known of and not stored yet."""
        self.unpublished = 0
        self.burst: str | None = None

    def worked(self, doing: str, *dependencies: str) -> None:
        """``doing`` succeeded, with the help of these."""
        with self._lock:
            self._failures.pop(doing, None)
            self._seen_working.update(dependencies)

    def failed(self, doing: str, dependency: str, error: str, *, is_vital: bool = True) -> None:
        """``doing`` went wrong, by the fault of ``dependency``; nothing else's success changes that.

        What is not vital is done beside storing, which goes on; nothing is vital that needs the dead letters' topic.
        """
        is_vital = is_vital and dependency != DEAD_LETTER_TOPIC
        now = timestamp(self._clock.now())
        with self._lock:
            known = self._failures.get(doing)
            since = known.since if known and known.dependency == dependency else now
            self._failures[doing] = Failure(dependency, error, since, is_vital)
            self._last_error = {"message": error, "at": now, "since": since}

    def partition_stopped(self, partition: int, why: str) -> None:
        """A partition cannot go on without a person."""
        self._stopped = {**self._stopped, partition: why}
        now = timestamp(self._clock.now())
        self._last_error = {"message": why, "at": now, "since": now}

    def stopped(self) -> Collection[int]:
        """The partitions that cannot go on."""
        return self._stopped.keys()

    def partitions_go_on(self, partitions: Collection[int]) -> None:
        """These are read again, or are no longer ours."""
        self._stopped = {p: why for p, why in self._stopped.items() if p not in partitions}

    def oldest_seconds(self) -> float | None:
        """Age of the oldest event that waits, None where none does."""
        waiting_since = self.waiting_since
        return None if waiting_since is None else max(0.0, self._clock.now().timestamp() - waiting_since)

    def status(self) -> str:
        """``ok``, ``degraded`` (everything good is stored, yet a person should look) or ``down``."""
        if any(self._obstacles()):
            return "down"
        return "degraded" if any(self._blemishes()) else "ok"

    def reason(self) -> str | None:
        """Why it is not ``ok``, in one line."""
        return "; ".join([*self._obstacles(), *self._blemishes()]) or None

    def _obstacles(self) -> Iterator[str]:
        """What keeps good events from being stored."""
        if self.state is not State.RUNNING:
            yield self.detail or self.state
        if complaint := self._clock.skew_message():
            yield complaint
        stopped = self._stopped
        yield from (f"partition {partition}: {why}" for partition, why in stopped.items())
        unmoved = self.unmoved.items()
        yield from (f"partition {partition}: {why}" for partition, why in unmoved if partition not in stopped)
        failures = tuple(self._failures.values())
        yield from (f"{each.dependency}: {each.error}" for each in failures if each.is_vital)
        oldest = self.oldest_seconds()
        if oldest is not None and oldest > OLDEST_ALLOWED_SECONDS:
            yield f"the oldest event has waited for {oldest:.0f} s"

    def _blemishes(self) -> Iterator[str]:
        """What a person should look at."""
        failures = tuple(self._failures.values())
        yield from (f"{each.dependency}: {each.error}" for each in failures if not each.is_vital)
        if self.unpublished:
            yield f"{self.unpublished} dead letters are not published yet"
        if self.burst:
            yield f"dead letters, {self.burst}"

    def report(self) -> dict[str, Any]:
        """The answer of ``/health``."""
        oldest = self.oldest_seconds()
        return {
            "status": self.status(),
            "error": self.reason(),
            "state": self.state,
            "detail": self.detail,
            "oldest_unprocessed_seconds": None if oldest is None else round(oldest, 3),
            "partitions": list(self.partitions),
            "stopped_partitions": {str(partition): why for partition, why in self._stopped.items()},
            "unmoved_partitions": {str(partition): why for partition, why in self.unmoved.items()},
            "unpublished_dead_letters": self.unpublished,
            "dead_letter_burst": self.burst,
            "last_error": self._last_error,
            "dependencies": [self._dependency(name) for name in (KAFKA, POSTGRES, DEAD_LETTER_TOPIC)],
        }

    def _dependency(self, name: str) -> dict[str, str | None]:
        with self._lock:
            failures = [failure for failure in self._failures.values() if failure.dependency == name]
            status = "ok" if name in self._seen_working else "unknown"
        if not failures:
            return {"name": name, "status": status, "error": None, "since": None}
        worst = next((each for each in failures if each.is_vital), failures[0])
        # Without its topic no dead letter is published; all else that is not vital works, but for one thing.
        is_down = worst.is_vital or name == DEAD_LETTER_TOPIC
        status = "down" if is_down else "degraded"
        return {"name": name, "status": status, "error": worst.error, "since": worst.since}
