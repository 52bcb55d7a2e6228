"""One worker: its threads, and what they are made of."""

import sys
import threading
from dataclasses import replace
from random import Random
from typing import Any

from prometheus_client import CollectorRegistry, generate_latest

from event_platform.core.connections.replaceable_client import lasting_admin_client
from event_platform.core.metrics import ProcessorMetrics
from event_platform.core.rules.validate import ValidationRules
from event_platform.core.settings.declaration import Settings
from event_platform.core.telemetry import get_logger
from event_platform.processor.background_thread import SWITCH_INTERVAL_SECONDS
from event_platform.processor.consumer.duplicate_member import Namesake
from event_platform.processor.consumer.errors import FencedInstanceError
from event_platform.processor.consumer.lost_consumer import LostConsumerError
from event_platform.processor.consumer.membership import Membership
from event_platform.processor.consumer.source import Source
from event_platform.processor.consumer.topic import Topic
from event_platform.processor.consumer.topic_monitor import KafkaWatch
from event_platform.processor.database_clock import DatabaseClock
from event_platform.processor.loop import Loop
from event_platform.processor.monitoring import timings
from event_platform.processor.monitoring.health import Health, State
from event_platform.processor.monitoring.partition_progress import ProgressWatch
from event_platform.processor.monitoring.reporter import Observer
from event_platform.processor.monitoring.stuck_detector import HangWatch
from event_platform.processor.outbox import Outbox
from event_platform.processor.parts import Parts
from event_platform.processor.retention import RetentionTask
from event_platform.processor.retry import Patience, PatienceBeside
from event_platform.processor.storage.connection import Database
from event_platform.processor.storage.transaction import TransactionalStore
from event_platform.processor.storage.writer import BatchWriter

CLOSE_WITHIN_SECONDS = 1.0

log = get_logger(__name__)


class Worker:
    """Reads some of the topic's partitions."""

    def __init__(self, settings: Settings, index: int) -> None:
        """Build nothing that needs a server yet; ``index`` counts the workers of a process."""
        self._settings = settings
        self._membership = Membership(settings, index)
        self._clock = DatabaseClock()
        self._registry = CollectorRegistry()
        self._metrics = ProcessorMetrics(self._registry)
        self._note_step = timings.noting(self._metrics)
        self._stop = threading.Event()
        self._health = Health(self._clock)
        self._chance = Random()  # noqa: S311 - jitter is no secret

    def report(self) -> dict[str, Any]:
        """What `/health` says of it."""
        return self._health.report()

    def exposition(self) -> bytes:
        """Its metrics in Prometheus' text format."""
        self._metrics.is_ready.set(self._health.status() != "down")
        self._metrics.unpublished.set(self._health.unpublished)
        return generate_latest(self._registry)

    def stop(self) -> None:
        """Finish or drop the batch in hand, and end."""
        self._health.state = State.STOPPING
        self._stop.set()

    def run(self) -> None:
        """Process until `stop` is called.

        Raises:
            ConfigurationError: A setting must be changed first.
        """
        sys.setswitchinterval(SWITCH_INTERVAL_SECONDS)
        with self._membership as membership:
            parts = self._build(membership.instance_id)
            self._start_threads(parts)
            try:
                while not self._stop.is_set():
                    parts = self._run_consumer(parts, membership.instance_id)
            finally:
                self._stop.set()
                _close(parts.source)

    def _run_consumer(self, parts: Parts, instance_id: str) -> Parts:
        """Process for as long as the consumer is of use; what to go on with then, or when told to stop."""
        try:
            Loop(parts).run()
        except FencedInstanceError:
            _close(parts.source)
            admin = lasting_admin_client(self._settings)
            Namesake(admin, self._settings.kafka_group, instance_id).wait_until_gone(self._health, self._stop)
        except LostConsumerError:
            log.warning("the consumer finds no Kafka broker, which others do; going on with a new one")
            self._health.state = State.STARTING
            _close(parts.source)
        else:
            return parts
        return self._with_new_consumer(parts, instance_id)

    def _with_new_consumer(self, parts: Parts, instance_id: str) -> Parts:
        # With a database of its own: what the old one has in hand may still wait for Postgres, over its connection.
        database, source = Database(self._settings), Source(self._settings, instance_id, self._note_step)
        writer, patience = self._writer(database, source), self._patience(database)
        return replace(parts, source=source, database=database, writer=writer, patience=patience)

    def _build(self, instance_id: str) -> Parts:
        settings = self._settings
        topic = Topic(lasting_admin_client(settings), settings.topic_raw)
        database = Database(settings)
        source = Source(settings, instance_id, self._note_step)
        for_outbox, for_retention, for_watch = Database(settings), Database(settings), Database(settings)
        publishing, tidying = self._patience_beside(for_outbox), self._patience_beside(for_retention)
        comparing = self._patience_beside(for_watch)
        # With a client of its own, so that no thread waits for another's answer.
        seen = Topic(lasting_admin_client(settings), settings.topic_raw)
        return Parts(
            topic=topic,
            rules=ValidationRules(settings.allowed_schema_versions, settings.retention_days),
            clock=self._clock,
            stop=self._stop,
            health=self._health,
            observer=Observer(self._health, self._metrics, self._clock),
            patience=self._patience(database),
            database=database,
            writer=self._writer(database, source),
            outbox=Outbox(settings, for_outbox, publishing, self._health, self._note_step),
            housekeeping=RetentionTask(settings, for_retention, tidying, self._clock),
            source=source,
            watch=KafkaWatch(topic, self._health),
            progress_watch=ProgressWatch(seen, for_watch, comparing, self._health),
            hang_watches=(
                HangWatch(publishing, for_outbox, self._health),
                HangWatch(tidying, for_retention, self._health),
                HangWatch(comparing, for_watch, self._health),
            ),
        )

    def _writer(self, database: Database, source: Source) -> BatchWriter:
        table = TransactionalStore(database.connection, self._settings.topic_raw, self._note_step)
        return BatchWriter(database, Database(self._settings), table, source.is_current)

    def _patience(self, database: Database) -> Patience:
        return Patience(self._health, self._stop, self._chance, database.close, self._count_failure)

    def _count_failure(self, doing: str) -> None:
        self._metrics.failures.labels(doing).inc()

    def _patience_beside(self, database: Database) -> PatienceBeside:
        return PatienceBeside(self._health, self._stop, self._chance, database.close, self._count_failure)

    def _start_threads(self, parts: Parts) -> None:
        for name, run in {
            "outbox": parts.outbox.run,
            "housekeeping": lambda: parts.housekeeping.run(self._stop),
            "kafka-watch": lambda: parts.watch.run(self._stop),
            "progress-watch": lambda: parts.progress_watch.run(self._stop),
        }.items():
            threading.Thread(target=run, name=name, daemon=True).start()


def _close(source: Source) -> None:
    """Leave the group; without Kafka that may take long, and the process must end."""
    closing = threading.Thread(target=source.close, daemon=True)
    closing.start()
    closing.join(CLOSE_WITHIN_SECONDS)
