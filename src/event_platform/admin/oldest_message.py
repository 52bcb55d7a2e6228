"""When the oldest message that waits was produced: one look at it, by a consumer in no group that commits nothing."""

import time
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final

from confluent_kafka import TIMESTAMP_NOT_AVAILABLE, Consumer, Message, TopicPartition

from event_platform.core import kafka
from event_platform.core.settings import Settings

PEEK_SECONDS: Final = 1.5


class OldestMessage:
    """Peeks at single messages. For one thread at a time."""

    def __init__(self, settings: Settings) -> None:
        """Connect at the first look."""
        self._topic = settings.topic_raw
        self._consumer = Consumer(
            {
                **kafka.client_config(settings, "event-platform-admin-peek"),
                # The client demands a name, but without a subscription it joins no group.
                "group.id": "event-platform-admin-peek",
                "enable.auto.commit": False,
                "enable.auto.offset.store": False,
                "auto.offset.reset": "earliest",
                # One message a partition is all we want.
                "queued.min.messages": 1,
                "fetch.message.max.bytes": 1_024,
                "fetch.wait.max.ms": 100,
            }
        )

    def produced_at(self, starts: Mapping[int, int]) -> datetime | None:
        """The earliest time among the first messages at these offsets by partition; None where none came in time."""
        self._consumer.assign([TopicPartition(self._topic, each, start) for each, start in starts.items()])
        try:
            return min(self._times(set(starts)), default=None)
        finally:
            self._consumer.unassign()

    def _times(self, awaited: set[int]) -> list[datetime]:
        deadline, found = time.monotonic() + PEEK_SECONDS, []
        while awaited and (left := deadline - time.monotonic()) > 0:
            message = self._consumer.poll(left)
            if message is None or message.error() or message.partition() not in awaited:
                continue
            awaited.discard(message.partition())
            found += _time_of(message)
        return found

    def close(self) -> None:
        """Close the connections."""
        self._consumer.close()


def _time_of(message: Message) -> list[datetime]:
    kind, milliseconds = message.timestamp()
    return [] if kind == TIMESTAMP_NOT_AVAILABLE else [datetime.fromtimestamp(milliseconds / 1_000, UTC)]
