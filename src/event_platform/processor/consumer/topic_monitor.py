"""Looks every few seconds whether Kafka answers, and whether the topic is still the same one."""

import threading
import time
from typing import Final

from event_platform.core.errors import UnavailableError
from event_platform.core.telemetry import get_logger
from event_platform.processor.consumer.topic import Topic
from event_platform.processor.monitoring.health import KAFKA, Health

EVERY_SECONDS: Final = 5.0

log = get_logger(__name__)


class KafkaWatch:
    """A thread of its own, because Kafka's answer may take seconds."""

    def __init__(self, topic: Topic, health: Health) -> None:
        """Watch ``topic``."""
        self._topic = topic
        self._health = health
        self.topic_id: str | None = None
        """The topic's id when it was last asked for."""
        self.looked_at = 0.0
        """When that was, by the monotonic clock."""

    def run(self, stop: threading.Event) -> None:
        """Until told to stop."""
        while not stop.is_set():
            try:
                self._look()
            except Exception:
                # A look that failed must not be the last.
                log.exception("looking at Kafka failed")
            stop.wait(EVERY_SECONDS)

    def _look(self) -> None:
        try:
            began = time.monotonic()
            self.topic_id = self._topic.id()
            self.looked_at = began
            self._health.worked("watching Kafka", KAFKA)
        except UnavailableError as error:
            self._health.failed("watching Kafka", KAFKA, str(error))
            self._topic.replace_client_if_lost()
