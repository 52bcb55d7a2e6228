"""A consumer outside the group that reads the group's offsets and single records.

It never subscribes, so it does not join the group, and it commits nothing.

AdminClient has calls for most of this, but those that go to a group's coordinator can end the process: while the
coordinator is not ready (https://github.com/confluentinc/librdkafka/issues/5040) and, seen with 2.16.1, after a broker
came back, by a failed assertion in `rd_kafka_enq_once_del_source_return`.
"""

import time
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, Final

from confluent_kafka import TIMESTAMP_NOT_AVAILABLE, Consumer, KafkaException, Message, TopicPartition

from event_platform.admin.lag.measurement import PartitionOffsets
from event_platform.core.connections import kafka
from event_platform.core.connections.replaceable_client import ReplaceableClient
from event_platform.core.errors import UnavailableError
from event_platform.core.settings.model import Settings

CLIENT_ID: Final = "event-platform-admin-offset-reader"
OFFSETS_TIMEOUT_SECONDS: Final = 2.0
FETCH_TIMEOUT_SECONDS: Final = 1.5

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


class OffsetReader:
    """Reads offsets and timestamps of the raw topic; every call blocks, within its timeout. For one thread."""

    def __init__(self, settings: Settings) -> None:
        """Make the consumer, which connects at the first call.

        Raises:
            ConfigurationError: No Kafka is configured.
        """
        self._topic = settings.topic_raw
        self._client = ReplaceableClient(partial(Consumer, _config(settings)), settings.topic_raw)

    @property
    def _consumer(self) -> Consumer:
        return self._client.current

    def replace_if_lost(self) -> None:
        """Replace the consumer, after a failure, if it no longer finds brokers that a new one finds."""
        self._client.replace_if_lost()

    def read_offsets(self) -> dict[int, PartitionOffsets]:
        """Offsets by partition. Committed offsets are read before the watermarks, so that no lag is negative.

        Raises:
            UnavailableError: Kafka does not answer, or has no such topic.
        """
        try:
            partitions = self._partitions()
            committed = self._committed(partitions)
            return {each: PartitionOffsets(committed.get(each), *self._watermarks(each)) for each in partitions}
        except KafkaException as error:
            raise kafka.unavailable_error("reading offsets", error) from error

    def _partitions(self) -> list[int]:
        topic = self._consumer.list_topics(self._topic, timeout=OFFSETS_TIMEOUT_SECONDS).topics[self._topic]
        if topic.error is not None:
            raise UnavailableError(f"reading topic {self._topic}: {topic.error.str()}")
        return sorted(topic.partitions)

    def _committed(self, partitions: Iterable[int]) -> dict[int, int]:
        requested = [TopicPartition(self._topic, each) for each in partitions]
        found = self._consumer.committed(requested, timeout=OFFSETS_TIMEOUT_SECONDS)
        if error := next((each.error for each in found if each.error is not None), None):
            raise KafkaException(error)
        return {each.partition: each.offset for each in found if each.offset >= 0}

    def _watermarks(self, partition: int) -> tuple[int, int]:
        where = TopicPartition(self._topic, partition)
        found = self._consumer.get_watermark_offsets(where, timeout=OFFSETS_TIMEOUT_SECONDS)
        # On a timeout the client returns None or, for what it does not know, negative offsets.
        low, end = found or (-1, -1)
        if min(low, end) < 0:
            raise UnavailableError(
                f"reading the end of partition {partition}: no answer within {OFFSETS_TIMEOUT_SECONDS:g} s"
            )
        return low, end

    def read_oldest_timestamp(self, starts: Mapping[int, int]) -> datetime | None:
        """The earliest timestamp of the records at ``starts``, offsets by partition; None if none arrived in time."""
        try:
            self._consumer.assign([TopicPartition(self._topic, each, start) for each, start in starts.items()])
            return min(self._fetch_timestamps(set(starts)), default=None)
        except KafkaException:
            return None
        finally:
            self._consumer.unassign()

    def _fetch_timestamps(self, pending: set[int]) -> list[datetime]:
        deadline, timestamps = time.monotonic() + FETCH_TIMEOUT_SECONDS, []
        while pending and (left := deadline - time.monotonic()) > 0:
            record = self._consumer.poll(left)
            if record is None or record.error() or record.partition() not in pending:
                continue
            pending.discard(record.partition())
            timestamps += _timestamp(record)
        return timestamps

    def close(self) -> None:
        """Close the consumer."""
        self._consumer.close()


def _config(settings: Settings) -> dict[str, Any]:
    return {
        **kafka.client_config(settings, CLIENT_ID),
        "group.id": settings.kafka_group,
        "enable.auto.commit": False,
        "enable.auto.offset.store": False,
        "auto.offset.reset": "earliest",
        # Only one record of each partition is read.
        "queued.min.messages": 1,
        "fetch.message.max.bytes": 1_024,
        "fetch.wait.max.ms": 100,
    }


def _timestamp(record: Message) -> list[datetime]:
    """The record's timestamp; empty if it is none or out of range, as with producers that send microseconds."""
    kind, milliseconds = record.timestamp()
    if kind == TIMESTAMP_NOT_AVAILABLE:
        return []
    try:
        return [_EPOCH + timedelta(milliseconds=milliseconds)]
    except OverflowError:
        return []
