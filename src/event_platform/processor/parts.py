"""What a worker is built of."""

import threading
from dataclasses import dataclass

from event_platform.core.rules.validate import Rules
from event_platform.processor.consumer.source import Source
from event_platform.processor.consumer.topic import Topic
from event_platform.processor.consumer.topic_monitor import KafkaWatch
from event_platform.processor.database_clock import Clock
from event_platform.processor.monitoring.health import Health
from event_platform.processor.monitoring.partition_progress import ProgressWatch
from event_platform.processor.monitoring.reporter import Observer
from event_platform.processor.monitoring.stuck_detector import HangWatch
from event_platform.processor.outbox import Outbox
from event_platform.processor.retention import Housekeeping
from event_platform.processor.retry import Patience
from event_platform.processor.storage.connection import Database
from event_platform.processor.storage.writer import Writer


@dataclass(frozen=True)
class Parts:
    """Made once, passed down."""

    topic: Topic
    rules: Rules
    clock: Clock
    stop: threading.Event
    health: Health
    observer: Observer
    patience: Patience
    database: Database
    writer: Writer
    outbox: Outbox
    housekeeping: Housekeeping
    source: Source
    watch: KafkaWatch
    progress_watch: ProgressWatch
    hang_watches: tuple[HangWatch, ...]
    """Of the threads that work beside the main loop."""
