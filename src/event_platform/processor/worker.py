"""One worker: the threads and connections that process some of the topic's partitions."""

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from random import Random
from typing import Any, Final

from prometheus_client import CollectorRegistry, generate_latest

from event_platform.core.connections.replaceable_client import replaceable_admin_client
from event_platform.core.metrics.processor import ProcessorMetrics
from event_platform.core.rules.validate import ValidationRules
from event_platform.core.settings.model import Settings
from event_platform.core.telemetry import get_logger
from event_platform.processor.background_tasks import BackgroundTasks
from event_platform.processor.background_thread import SWITCH_INTERVAL_SECONDS, BackgroundThread
from event_platform.processor.consumer.broker_loss import LostConsumerDetector, LostConsumerError
from event_platform.processor.consumer.commits import OffsetCommits
from event_platform.processor.consumer.duplicate_member import DuplicateMemberCheck
from event_platform.processor.consumer.errors import FencedInstanceError
from event_platform.processor.consumer.offset_reconciler import OffsetReconciler
from event_platform.processor.consumer.positioning import PartitionPositioner
from event_platform.processor.consumer.source import Source
from event_platform.processor.consumer.start_offsets import StartOffsetLookup
from event_platform.processor.consumer.static_membership import Membership
from event_platform.processor.database_clock import DatabaseClock
from event_platform.processor.loop import Loop, LoopMonitors
from event_platform.processor.monitoring import timings
from event_platform.processor.monitoring.health import Health
from event_platform.processor.outages.retry import BackgroundRetrier, Retrier
from event_platform.processor.outages.stuck_detector import StuckDetector
from event_platform.processor.pipeline import Pipeline
from event_platform.processor.reporter import Reporter
from event_platform.processor.storage.connection import Database
from event_platform.processor.storage.transaction import TransactionalStore
from event_platform.processor.storage.writer import BatchWriter
from event_platform.processor.writer_session import WriterSession

CLOSE_WITHIN_SECONDS: Final = 1.0

log = get_logger(__name__)


class Worker:
    """Processes the partitions that the group assigns to it."""

    def __init__(self, settings: Settings, index: int) -> None:
        """Build what needs no server; ``index`` counts the workers of a process."""
        self._settings = settings
        self._membership = Membership(settings, index)
        self._clock = DatabaseClock()
        self._registry = CollectorRegistry()
        self._metrics = ProcessorMetrics(self._registry)
        self._record_step = timings.step_recorder(self._metrics)
        self._stop = threading.Event()
        self._health = Health(self._clock)
        self._reporter = Reporter(self._health, self._metrics)
        self._random = Random()  # noqa: S311 - jitter is no secret

    def report(self) -> dict[str, Any]:
        """The body of `/health`."""
        return self._health.report()

    def exposition(self) -> bytes:
        """The metrics in Prometheus' text format."""
        self._metrics.is_ready.set(self._health.status() != "down")
        self._metrics.unpublished.set(self._health.unpublished)
        return generate_latest(self._registry)

    def stop(self) -> None:
        """Finish or drop the batch in flight, and end."""
        self._health.mark_stopping()
        self._stop.set()

    def run(self) -> None:
        """Process until `stop` is called.

        Raises:
            ConfigurationError: A setting must be changed first.
        """
        sys.setswitchinterval(SWITCH_INTERVAL_SECONDS)
        with self._membership as membership:
            tasks = BackgroundTasks(
                self._settings, self._clock, self._health, self._background_retrier, self._record_step
            )
            tasks.start(self._stop)
            try:
                while not self._stop.is_set():
                    self._run_consumer(membership.instance_id, tasks)
            finally:
                self._stop.set()

    def _run_consumer(self, instance_id: str, tasks: BackgroundTasks) -> None:
        """Process with one consumer, until it has to be replaced or the worker stops."""
        commits = OffsetCommits(self._settings.topic_raw, self._record_step)
        source = Source(self._settings, instance_id, commits)
        try:
            with _closing(source):
                self._loop(source, commits, tasks).run()
        except FencedInstanceError:
            admin = replaceable_admin_client(self._settings)
            check = DuplicateMemberCheck(admin, self._settings.kafka_group, instance_id)
            check.wait_until_gone(self._health, self._stop)
        except LostConsumerError:
            log.warning("consumer finds no Kafka broker, but another client does; replacing the consumer")
            self._health.mark_starting()

    def _loop(self, source: Source, commits: OffsetCommits, tasks: BackgroundTasks) -> Loop:
        # With connections of its own: what the consumer before has in flight may still be waiting for Postgres.
        database = Database(self._settings)
        session = WriterSession(BackgroundThread("writer"), database, self._retrier(database))
        pipeline = Pipeline(
            rules=ValidationRules(self._settings.allowed_schema_versions, self._settings.retention_days),
            clock=self._clock,
            record_step=self._record_step,
            session=session,
            writer=self._writer(database, source),
            outbox=tasks.outbox,
            commits=commits,
        )
        lookup = StartOffsetLookup(session, tasks.topic, self._clock)
        reconciler = OffsetReconciler(source.assignment, session)
        positioner = PartitionPositioner(source.assignment, lookup, reconciler, tasks.topic_monitor, self._health)
        stuck_detector = StuckDetector(session.retrier, database, self._health.dependencies)
        monitors = LoopMonitors(
            self._reporter,
            LostConsumerDetector(tasks.topic_monitor, source),
            (stuck_detector, *tasks.stuck_detectors),
        )
        return Loop(pipeline, source, positioner, monitors, self._stop)

    def _writer(self, database: Database, source: Source) -> BatchWriter:
        store = TransactionalStore(database.connection, self._settings.topic_raw, self._record_step)
        return BatchWriter(database, Database(self._settings), store, source.assignment.is_current)

    def _retrier(self, database: Database) -> Retrier:
        return Retrier(self._health.dependencies, self._stop, self._random, database.close, self._count_failure)

    def _background_retrier(self, database: Database) -> BackgroundRetrier:
        return BackgroundRetrier(
            self._health.dependencies, self._stop, self._random, database.close, self._count_failure
        )

    def _count_failure(self, operation: str) -> None:
        self._metrics.failures.labels(operation).inc()


@contextmanager
def _closing(source: Source) -> Iterator[None]:
    """Close the consumer at the end; without Kafka that may take long, and the process must end."""
    try:
        yield
    finally:
        closing = threading.Thread(target=source.close, daemon=True)
        closing.start()
        closing.join(CLOSE_WITHIN_SECONDS)
