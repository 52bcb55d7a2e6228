"""What a worker is built of."""

import threading
from dataclasses import dataclass

from event_platform.core.rules.validate import Rules
from event_platform.processor.clock import Clock
from event_platform.processor.database import Database
from event_platform.processor.hanging import HangWatch
from event_platform.processor.health import Health
from event_platform.processor.housekeeping import Housekeeping
from event_platform.processor.kafka_watch import KafkaWatch
from event_platform.processor.observer import Observer
from event_platform.processor.outbox import Outbox
from event_platform.processor.patience import Patience
from event_platform.processor.progress_watch import ProgressWatch
from event_platform.processor.source import Source
from event_platform.processor.topic import Topic
from event_platform.processor.writer import Writer


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
