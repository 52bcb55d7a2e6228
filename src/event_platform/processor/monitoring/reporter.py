"""Turns what the loop does into health and metrics."""

import time
from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import Final

from event_platform.core.metrics import ProcessorMetrics
from event_platform.core.rules.outcome import DeadLetter
from event_platform.core.telemetry import get_logger
from event_platform.processor.consumer.source import Source
from event_platform.processor.database_clock import DatabaseClock
from event_platform.processor.monitoring.dead_letter_bursts import Bursts
from event_platform.processor.monitoring.health import KAFKA, Health
from event_platform.processor.monitoring.timings import Step
from event_platform.processor.storage.batch import Batch
from event_platform.processor.storage.writer import WriteResult

LOOK_EVERY_SECONDS: Final = 1.0
READING: Final = "reading the topic"

log = get_logger(__name__)


class Observer:
    """The main loop's."""

    def __init__(self, health: Health, metrics: ProcessorMetrics, clock: DatabaseClock) -> None:
        """Tell both."""
        self._clock = clock
        self._health = health
        self._metrics = metrics
        self._bursts = Bursts()
        self._looked_at = 0.0
        self._began_at = 0.0
        self._batch_since: float | None = None
        self._behind_since: float | None = None

    def _now(self) -> float:
        return self._clock.now().timestamp()

    def deciding(self) -> AbstractContextManager[object]:
        """Measures decoding, validating and enriching."""
        return self._metrics.step_seconds.labels(Step.DECIDE).time()

    def begin(self, batch: Batch) -> None:
        """The batch goes to Postgres."""
        self._began_at = time.monotonic()
        stamps = [record.timestamp_ms for record in batch.records if record.timestamp_ms is not None]
        self._batch_since = min(stamps) / 1_000 if stamps else self._now()
        self._health.waiting_since = self._batch_since
        if batch.records:
            self._metrics.batch_records.observe(len(batch.records))
        dead = [(o.code, o.identity.tenant_id) if isinstance(o, DeadLetter) else None for o in batch.outcomes]
        self._tell_burst(dead)

    def _tell_error(self, error: str | None) -> None:
        if error is not None:
            self._health.failed(READING, KAFKA, f"{READING}: {error}")
        else:
            self._health.worked(READING)

    def _tell_burst(self, dead: Sequence[tuple[str, str | None] | None]) -> None:
        began = self._bursts.add(dead)
        if began:
            log.warning("more than half of the latest messages are dead letters", most=began)
            self._metrics.bursts.inc()
        self._health.burst = self._bursts.now

    def end(self, write_result: WriteResult) -> None:
        """Postgres has it."""
        self._batch_since = self._behind_since = self._health.waiting_since = None
        self._metrics.store_seconds.observe(time.monotonic() - self._began_at)
        self._metrics.divisions.inc(write_result.splits)
        self._metrics.fenced.inc(len(write_result.mismatched))
        for one in write_result.transactions:
            self._metrics.messages.labels("stored", "").inc(one.stored)
            self._metrics.messages.labels("duplicate", "").inc(one.duplicates)
            for (code, _), n in one.dead_letters.items():
                self._metrics.messages.labels("dead", code).inc(n)
            self._metrics.staged.inc(one.was_staged)

    def look(self, source: Source) -> None:
        """Once a second: lag, and how long the oldest event has waited."""
        now = time.monotonic()
        if now - self._looked_at < LOOK_EVERY_SECONDS:
            return
        self._looked_at = now
        lag = source.lag()
        for partition, messages in lag.items():
            self._metrics.lag.labels(str(partition)).set(messages)
        self._metrics.is_paused.set(source.is_paused)
        self._health.partitions = source.partitions()
        self._tell_error(source.error())
        is_behind = any(lag.values())
        self._behind_since = (self._behind_since or self._now()) if is_behind else None
        self._health.waiting_since = min((t for t in (self._batch_since, self._behind_since) if t), default=None)
        self._metrics.oldest_seconds.set(self._health.oldest_seconds() or 0.0)
