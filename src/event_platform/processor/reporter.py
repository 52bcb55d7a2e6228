"""Turns what the main loop does into health and metrics."""

import time
from typing import Final

from event_platform.core.metrics.processor import ProcessorMetrics
from event_platform.core.rules.outcome import DeadLetter
from event_platform.core.telemetry import get_logger
from event_platform.processor.consumer.source import Source
from event_platform.processor.monitoring.dead_letter_bursts import BurstDetector
from event_platform.processor.monitoring.health import Health
from event_platform.processor.outages.dependency_status import KAFKA
from event_platform.processor.storage.batch import Batch
from event_platform.processor.storage.writer import WriteResult

OBSERVE_INTERVAL_SECONDS: Final = 1.0
READING: Final = "reading the topic"

log = get_logger(__name__)


class Reporter:
    """Called by the main loop only."""

    def __init__(self, health: Health, metrics: ProcessorMetrics) -> None:
        self._health = health
        self._metrics = metrics
        self._burst_detector = BurstDetector()
        self._observed_at = 0.0
        self._batch_started_at = 0.0

    def batch_started(self, batch: Batch) -> None:
        """Report a batch that goes to Postgres."""
        self._batch_started_at = time.monotonic()
        appended = [record.timestamp_ms for record in batch.records if record.timestamp_ms is not None]
        self._health.batch_started(min(appended) / 1_000 if appended else None)
        if batch.records:
            self._metrics.batch_records.observe(len(batch.records))
        self._detect_burst(batch)

    def _detect_burst(self, batch: Batch) -> None:
        dead = [(o.code, o.identity.tenant_id) if isinstance(o, DeadLetter) else None for o in batch.outcomes]
        began = self._burst_detector.add(dead)
        if began:
            log.warning("burst of dead letters", most_common=began)
            self._metrics.bursts.inc()
        self._health.set_burst(self._burst_detector.current)

    def batch_stored(self, write_result: WriteResult) -> None:
        """Report a batch that is stored."""
        self._health.batch_stored()
        self._metrics.store_seconds.observe(time.monotonic() - self._batch_started_at)
        self._metrics.divisions.inc(write_result.splits)
        self._metrics.fenced.inc(len(write_result.mismatched))
        for one in write_result.transactions:
            self._metrics.messages.labels("stored", "").inc(one.stored)
            self._metrics.messages.labels("duplicate", "").inc(one.duplicates)
            for (code, _), n in one.dead_letters.items():
                self._metrics.messages.labels("dead", code).inc(n)
            self._metrics.staged.inc(one.was_staged)

    def observe(self, source: Source) -> None:
        """Report once a second what the consumer reads, how far it is behind, and what keeps it from reading."""
        now = time.monotonic()
        if now - self._observed_at < OBSERVE_INTERVAL_SECONDS:
            return
        self._observed_at = now
        lag = source.lag()
        for partition, records in lag.items():
            self._metrics.lag.labels(str(partition)).set(records)
        self._metrics.is_paused.set(source.assignment.is_paused)
        self._health.partitions.set_assigned(source.assignment.partitions())
        self._report_error(source.error())
        self._health.set_behind(is_behind=any(lag.values()))
        self._metrics.oldest_seconds.set(self._health.oldest_seconds() or 0.0)

    def _report_error(self, error: str | None) -> None:
        if error is not None:
            self._health.dependencies.mark_down(READING, KAFKA, f"{READING}: {error}")
        else:
            self._health.dependencies.mark_up(READING)
