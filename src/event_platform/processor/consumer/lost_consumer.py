"""Whether the consumer still finds Kafka, which answers others.

The client lets one thread at a time in, and another one that asks while the first polls may wait for ever: so the main
loop asks between its polls, and only when the watch's own client has just had an answer. In an outage nobody asks.
"""

from typing import Final

from event_platform.processor.consumer.source import Source
from event_platform.processor.consumer.topic_monitor import KafkaWatch

LOST_AFTER: Final = 2
"""Answers in a row that the watch gets and the consumer does not: a connection that was only lost is back by then."""


class LostConsumerError(Exception):
    """The consumer finds no broker, and will not by itself: a new one has to go on."""


class Reach:
    """The main loop's."""

    def __init__(self, watch: KafkaWatch, source: Source) -> None:
        """Nothing was asked yet."""
        self._watch = watch
        self._source = source
        self._asked_at = 0.0
        self._failures = 0

    def look(self) -> None:
        """Ask once after each answer that the watch got.

        Raises:
            LostConsumerError: See there.
        """
        if self._watch.looked_at <= self._asked_at:
            return
        self._asked_at = self._watch.looked_at
        self._failures = 0 if self._source.finds_brokers() else self._failures + 1
        if self._failures >= LOST_AFTER:
            raise LostConsumerError
