"""The background tasks of a worker; each has a thread and connections of its own, so that none waits for another."""

import threading
from collections.abc import Callable

from event_platform.core.connections.replaceable_client import replaceable_admin_client
from event_platform.core.settings.model import Settings
from event_platform.processor.consumer.partition_progress import PartitionProgressMonitor
from event_platform.processor.consumer.topic_metadata import Topic
from event_platform.processor.consumer.topic_monitor import TopicMonitor
from event_platform.processor.database_clock import DatabaseClock
from event_platform.processor.monitoring.health import Health
from event_platform.processor.monitoring.timings import RecordStep
from event_platform.processor.outages.retry import BackgroundRetrier
from event_platform.processor.outages.stuck_detector import StuckDetector
from event_platform.processor.outbox import Outbox
from event_platform.processor.retention import RetentionTask
from event_platform.processor.storage.connection import Database

NewRetrier = Callable[[Database], BackgroundRetrier]


class BackgroundTasks:
    """The outbox, retention and two monitors; they continue when the consumer is replaced.

    Attributes:
        topic: Asked by the topic monitor, which replaces its client when that is lost.
        stuck_detectors: Of the tasks that use Postgres; the main loop calls them.
    """

    def __init__(
        self, settings: Settings, clock: DatabaseClock, health: Health, new_retrier: NewRetrier, record_step: RecordStep
    ) -> None:
        """Connect nothing yet; ``new_retrier`` makes a retrier that closes the connection after a failure."""
        outbox, retention, progress = Database(settings), Database(settings), Database(settings)
        retriers = {database: new_retrier(database) for database in (outbox, retention, progress)}
        self.stuck_detectors = tuple(
            StuckDetector(retrier, database, health.dependencies) for database, retrier in retriers.items()
        )
        self.topic = Topic(replaceable_admin_client(settings), settings.topic_raw)
        self.topic_monitor = TopicMonitor(self.topic, health.dependencies)
        self.outbox = Outbox(settings, outbox, retriers[outbox], health, record_step)
        self._retention = RetentionTask(settings, retention, retriers[retention], clock)
        # A topic with a client of its own, so that no thread waits for another's answer.
        topic = Topic(replaceable_admin_client(settings), settings.topic_raw)
        self._progress = PartitionProgressMonitor(topic, progress, retriers[progress], health.partitions)

    def start(self, stop: threading.Event) -> None:
        """Start the threads; those that wait for anything but their dependencies end with ``stop``."""
        for name, run in {
            "outbox": self.outbox.run,
            "retention": lambda: self._retention.run(stop),
            "topic-monitor": lambda: self.topic_monitor.run(stop),
            "partition-progress": lambda: self._progress.run(stop),
        }.items():
            threading.Thread(target=run, name=name, daemon=True).start()
