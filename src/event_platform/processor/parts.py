"""What a worker is built of."""

import threading
from dataclasses import dataclass

from event_platform.core.rules.validate import ValidationRules
from event_platform.processor.consumer.source import Source
from event_platform.processor.consumer.topic import Topic
from event_platform.processor.consumer.topic_monitor import KafkaWatch
from event_platform.processor.database_clock import DatabaseClock
from event_platform.processor.monitoring.health import Health
from event_platform.processor.monitoring.partition_progress import ProgressWatch
from event_platform.processor.monitoring.reporter import Observer
from event_platform.processor.monitoring.stuck_detector import HangWatch
from event_platform.processor.outbox import Outbox
from event_platform.processor.retention import RetentionTask
from event_platform.processor.retry import Patience
from event_platform.processor.storage.connection import Database
from event_platform.processor.storage.writer import BatchWriter


@dataclass(frozen=True)
class Parts:
    """Made once, passed down."""

    topic: Topic
    rules: ValidationRules
    clock: DatabaseClock
    stop: threading.Event
    health: Health
    observer: Observer
    patience: Patience
    database: Database
    writer: BatchWriter
    outbox: Outbox
    housekeeping: RetentionTask
    source: Source
    watch: KafkaWatch
    progress_watch: ProgressWatch
    hang_watches: tuple[HangWatch, ...]
    """Of the threads that work beside the main loop."""
