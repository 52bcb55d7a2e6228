"""Checks every few seconds whether Kafka answers, and whether the topic is still the same one."""

import threading
import time
from typing import Final

from event_platform.core.errors import UnavailableError
from event_platform.core.telemetry import get_logger
from event_platform.processor.consumer.topic_metadata import Topic
from event_platform.processor.outages.dependency_status import KAFKA, DependencyStatus

CHECK_INTERVAL_SECONDS: Final = 5.0
OPERATION: Final = "watching Kafka"

log = get_logger(__name__)


class TopicMonitor:
    """Runs in a thread of its own, because Kafka's answer may take seconds.

    Attributes:
        topic_id: The topic's id at the latest check that Kafka answered; None before that.
        checked_at: When that check began, by the monotonic clock.
    """

    def __init__(self, topic: Topic, dependencies: DependencyStatus) -> None:
        self._topic = topic
        self._dependencies = dependencies
        self.topic_id: str | None = None
        self.checked_at = 0.0

    def run(self, stop: threading.Event) -> None:
        """Check until told to stop."""
        while not stop.is_set():
            try:
                self._check()
            except Exception:
                # One failed check must not be the last.
                log.exception("topic check failed")
            stop.wait(CHECK_INTERVAL_SECONDS)

    def _check(self) -> None:
        try:
            started_at = time.monotonic()
            self.topic_id = self._topic.id()
            self.checked_at = started_at
            self._dependencies.mark_up(OPERATION, KAFKA)
        except UnavailableError as error:
            self._dependencies.mark_down(OPERATION, KAFKA, str(error))
            self._topic.replace_client_if_lost()
