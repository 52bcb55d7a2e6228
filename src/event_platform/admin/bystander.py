"""A consumer that stands beside the group: it asks how far the group is, and looks at single messages.

It never subscribes, so it joins no group, and it commits nothing.

The administrative client has calls for most of this, but those that go to a group's coordinator can end the process:
while the coordinator is not ready (https://github.com/confluentinc/librdkafka/issues/5040) and, seen with 2.16.1, after
a broker came back, by a failed assertion in `rd_kafka_enq_once_del_source_return`.
"""

import time
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, Final

from confluent_kafka import TIMESTAMP_NOT_AVAILABLE, Consumer, KafkaException, Message, TopicPartition

from event_platform.admin.lag import Offsets
from event_platform.core.connections import kafka
from event_platform.core.connections.replaceable_client import ReplaceableClient
from event_platform.core.errors import UnavailableError
from event_platform.core.settings.declaration import Settings

ASK_SECONDS: Final = 2.0
LOOK_SECONDS: Final = 1.5

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


class Bystander:
    """Asks and looks; blocks while it does, each time no longer than its bound. For one thread."""

    def __init__(self, settings: Settings) -> None:
        """Connect at the first question.

        Raises:
            ConfigurationError: No Kafka is named.
        """
        self._topic = settings.topic_raw
        self._lasting = ReplaceableClient(partial(Consumer, _config(settings)), settings.topic_raw)

    @property
    def _consumer(self) -> Consumer:
        return self._lasting.current

    def replace_if_lost(self) -> None:
        """Go on with a new consumer if the one that has just failed will not find Kafka again."""
        self._lasting.replace_if_lost()

    def offsets(self) -> dict[int, Offsets]:
        """Of each partition. What is committed is read before where the partition ends, so that no lag is negative.

        Raises:
            UnavailableError: Kafka does not answer, or has no such topic.
        """
        try:
            partitions = self._partitions()
            committed = self._committed(partitions)
            return {each: Offsets(committed.get(each), *self._bounds(each)) for each in partitions}
        except KafkaException as error:
            raise kafka.unavailable_error("reading offsets", error) from error

    def _partitions(self) -> list[int]:
        topic = self._consumer.list_topics(self._topic, timeout=ASK_SECONDS).topics[self._topic]
        if topic.error is not None:
            raise UnavailableError(f"reading topic {self._topic}: {topic.error.str()}")
        return sorted(topic.partitions)

    def _committed(self, partitions: Iterable[int]) -> dict[int, int]:
        wanted = [TopicPartition(self._topic, each) for each in partitions]
        found = self._consumer.committed(wanted, timeout=ASK_SECONDS)
        if failed := next((each.error for each in found if each.error is not None), None):
            raise KafkaException(failed)
        return {each.partition: each.offset for each in found if each.offset >= 0}

    def _bounds(self, partition: int) -> tuple[int, int]:
        found = self._consumer.get_watermark_offsets(TopicPartition(self._topic, partition), timeout=ASK_SECONDS)
        silent = UnavailableError(f"partition {partition} did not tell its end within {ASK_SECONDS:g} s")
        if found is None:
            raise silent
        # Negative numbers are the client's own, for what it did not learn.
        if min(found) < 0:
            raise silent
        return found

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


def _config(settings: Settings) -> dict[str, Any]:
    return {
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


def _time_of(message: Message) -> list[datetime]:
    """When it was produced; nothing where that is no time, as of who writes microseconds."""
    kind, milliseconds = message.timestamp()
    if kind == TIMESTAMP_NOT_AVAILABLE:
        return []
    try:
        return [_EPOCH + timedelta(milliseconds=milliseconds)]
    except OverflowError:
        return []
