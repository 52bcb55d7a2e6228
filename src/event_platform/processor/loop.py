"""Reads batches, hands each to `process`, and keeps Kafka served while Postgres works or is away."""

import time
from collections.abc import Callable
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeoutError
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Final

from event_platform.core.telemetry import get_logger
from event_platform.processor.background_thread import Background
from event_platform.processor.consumer.lost_consumer import Reach
from event_platform.processor.consumer.positioning import Placement
from event_platform.processor.monitoring.stuck_detector import HangWatch
from event_platform.processor.parts import Parts
from event_platform.processor.pipeline import process
from event_platform.processor.retry import StoppedError
from event_platform.processor.storage.batch import Batch
from event_platform.processor.storage.writer import WriteResult

IDLE_SECONDS: Final = 0.2
WHILE_STORING_SECONDS: Final = 0.005
PAUSE_AFTER_SECONDS: Final = 1.0
END_WITHIN_SECONDS: Final = 3.0

log = get_logger(__name__)


class Loop:
    """The main thread of a worker; the `Stages` of its pipeline."""

    def __init__(self, parts: Parts) -> None:
        """Built of ``parts``, which others end."""
        self._parts = parts
        self._source = parts.source
        self._background = Background("writer")
        self._placement = Placement(parts, self._background)
        self._hang_watches = (HangWatch(parts.patience, parts.database, parts.health), *parts.hang_watches)
        self._reach = Reach(parts.watch, parts.source)
        self._running: Future[WriteResult] | None = None
        self._running_since = 0.0
        self.rules = parts.rules

    def run(self) -> None:
        """Process until told to stop.

        Raises:
            FencedInstanceError: Another process has our name.
            LostConsumerError: The consumer finds no broker any more, though others do.
        """
        try:
            self._source.join()
            while not self._parts.stop.is_set():
                self._turn()
        except StoppedError:
            log.info("dropped the batch in hand; it is read again")
        finally:
            self._finish_within(END_WITHIN_SECONDS)

    def _turn(self) -> None:
        self._placement.go_on(is_idle=self._running is None)
        taken = self._source.take(self._patience_seconds())
        if taken is not None:
            process(taken, self)
        elif self._running is not None and self._running.done():
            self._finish()
        self._look_for_hanging()
        self._reach.look()
        self._parts.observer.look(self._source)

    def _look_for_hanging(self) -> None:
        for watch in self._hang_watches:
            watch.look()

    def _patience_seconds(self) -> float:
        """A finished batch is to be noticed at once, but not by spinning through an outage."""
        is_quick = self._running is not None and time.monotonic() - self._running_since < PAUSE_AFTER_SECONDS
        return WHILE_STORING_SECONDS if is_quick or self._placement.is_looking() else IDLE_SECONDS

    def now(self) -> datetime | None:
        """The present, in UTC; None where it is not known for certain."""
        clock = self._parts.clock
        return clock.now() if clock.is_reliable() else None

    def deciding(self) -> AbstractContextManager[object]:
        """For the metrics."""
        return self._parts.observer.deciding()

    def in_turn(self, work: Callable[[], WriteResult], batch: Batch) -> None:
        """Wait for the batch before, then start ``work``; Kafka is served meanwhile."""
        self._finish()
        self._parts.observer.begin(batch)
        self._running_since = time.monotonic()
        self._running = self._background.submit(work)

    def store_batch(self, batch: Batch) -> WriteResult:
        """In the background: one transaction, tried until it succeeds."""
        return self._parts.patience.persist(lambda: self._parts.writer.write(batch), "storing a batch")

    def publish_dead_letters(self, write_result: WriteResult) -> None:
        """In the background: wake the outbox."""
        if any(one.dead_letters for one in write_result.transactions):
            self._parts.outbox.wake()

    def commit_offsets(self, write_result: WriteResult) -> None:
        """In the background: for lag tools only."""
        if write_result.next_offsets:
            self._source.commit(write_result.next_offsets)

    def _finish(self) -> None:
        """Wait for the batch in Postgres, and act on what became of it."""
        if self._running is None:
            return
        write_result = self._await(self._running)
        self._running = None
        self._source.resume()
        self._parts.observer.end(write_result)
        if write_result.mismatched:
            log.info("partitions stand elsewhere than we read; going there", partitions=sorted(write_result.mismatched))
            self._source.displace(write_result.mismatched)

    def _await(self, running: "Future[WriteResult]") -> WriteResult:
        while not running.done():
            try:
                return running.result(IDLE_SECONDS)
            except FutureTimeoutError:
                self._serve_while_waiting()
        return running.result()

    def _serve_while_waiting(self) -> None:
        if self._parts.stop.is_set():
            raise StoppedError
        self._look_for_hanging()
        if time.monotonic() - self._running_since > PAUSE_AFTER_SECONDS:
            self._source.serve_paused()
        self._parts.observer.look(self._source)

    def _finish_within(self, seconds: float) -> None:
        """The batch in hand is stored, or nothing of it."""
        if self._running is not None:
            try:
                self._parts.observer.end(self._running.result(seconds))
            except (StoppedError, FutureTimeoutError):
                self._parts.database.abort()
