"""A consumer that stands beside the group: it asks what the group committed, and looks at single messages.

It never subscribes, so it joins no group, and it commits nothing. The administrative client could be asked for
committed offsets as well, but there librdkafka ends the process while a group's coordinator is not ready
(https://github.com/confluentinc/librdkafka/issues/5040, seen with 2.16.1 as a broker started).
"""

import time
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Final

from confluent_kafka import TIMESTAMP_NOT_AVAILABLE, Consumer, KafkaException, Message, TopicPartition

from event_platform.core import kafka
from event_platform.core.settings import Settings

ASK_SECONDS: Final = 2.0
LOOK_SECONDS: Final = 1.5


class Bystander:
    """Asks and looks; blocks while it does, each time no longer than its bound. For one thread."""

    def __init__(self, settings: Settings) -> None:
        """Connect at the first question.

        Raises:
            ConfigurationError: No Kafka is named.
        """
        self._topic = settings.topic_raw
        self._consumer = Consumer(
            {
                **kafka.client_config(settings, "event-platform-admin-bystander"),
                "group.id": settings.kafka_group,
                "enable.auto.commit": False,
                "enable.auto.offset.store": False,
                "auto.offset.reset": "earliest",
                # One message a partition is all that is looked at.
                "queued.min.messages": 1,
                "fetch.message.max.bytes": 1_024,
                "fetch.wait.max.ms": 100,
            }
        )

    def committed(self, partitions: Iterable[int]) -> dict[int, int]:
        """Where the group goes on, of the partitions for which it committed anything.

        Raises:
            UnavailableError: Kafka does not answer.
        """
        wanted = [TopicPartition(self._topic, each) for each in partitions]
        try:
            found = self._consumer.committed(wanted, timeout=ASK_SECONDS)
        except KafkaException as error:
            raise kafka.unavailable("reading committed offsets", error) from error
        return {each.partition: each.offset for each in found if each.offset >= 0}

    def first_produced_at(self, starts: Mapping[int, int]) -> datetime | None:
        """The earliest time among the first messages at these offsets by partition; None where none came in time."""
        try:
            self._consumer.assign([TopicPartition(self._topic, each, start) for each, start in starts.items()])
            return min(self._times(set(starts)), default=None)
        except KafkaException:
            return None
        finally:
            self._consumer.unassign()

    def _times(self, awaited: set[int]) -> list[datetime]:
        deadline, found = time.monotonic() + LOOK_SECONDS, []
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
