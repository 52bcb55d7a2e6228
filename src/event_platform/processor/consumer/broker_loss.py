"""Detects a consumer that finds no Kafka broker any more, although another client does.

The client serves one thread at a time, and another thread that asks while the first one polls may wait for ever.
Therefore the main loop asks between its polls, and only when the topic monitor has just had an answer: in an outage
nobody asks.
"""

from typing import Final

from event_platform.processor.consumer.source import Source
from event_platform.processor.consumer.topic_monitor import TopicMonitor

LOST_AFTER_FAILURES: Final = 2
"""Answers in a row that the topic monitor gets and the consumer does not: one that only lost its connection has a new
one by then."""


class LostConsumerError(Exception):
    """The consumer finds no broker, and will not recover: a new one has to replace it."""


class LostConsumerDetector:
    """Called by the main loop."""

    def __init__(self, topic_monitor: TopicMonitor, source: Source) -> None:
        self._topic_monitor = topic_monitor
        self._source = source
        self._checked_at = 0.0
        self._failures = 0

    def check(self) -> None:
        """Ask Kafka through the consumer, once after each answer that the topic monitor got.

        Raises:
            LostConsumerError: The consumer is lost.
        """
        if self._topic_monitor.checked_at <= self._checked_at:
            return
        self._checked_at = self._topic_monitor.checked_at
        self._failures = 0 if self._source.finds_brokers() else self._failures + 1
        if self._failures >= LOST_AFTER_FAILURES:
            raise LostConsumerError
