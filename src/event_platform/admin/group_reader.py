"""Asks Kafka where a topic ends and who reads it, by administrative calls that change nothing."""

import asyncio
from concurrent.futures import Future
from typing import Final, TypeVar

from confluent_kafka import KafkaError, KafkaException, TopicCollection, TopicPartition
from confluent_kafka.admin import (
    AdminClient,
    ConsumerGroupDescription,
    ListOffsetsResultInfo,
    OffsetSpec,
    TopicDescription,
)

from event_platform.core import kafka

REQUEST_SECONDS: Final = 2.0

_EARLIEST: Final[OffsetSpec] = OffsetSpec.earliest()  # type: ignore[no-untyped-call]  # theirs
_LATEST: Final[OffsetSpec] = OffsetSpec.latest()  # type: ignore[no-untyped-call]  # theirs

Result = TypeVar("Result")


class GroupReader:
    """Knows one topic and the group that reads it.

    Args:
        admin: A client of the cluster.
        topic: The topic that is read.
        group: The consumer group that reads it.
    """

    def __init__(self, admin: AdminClient, topic: str, group: str) -> None:
        self._admin = admin
        self._topic = topic
        self._group = group

    async def partitions(self) -> list[int]:
        """Numbers of the topic's partitions.

        Raises:
            UnavailableError: Kafka does not answer, or has no such topic.
        """
        asked = self._admin.describe_topics(TopicCollection([self._topic]), request_timeout=REQUEST_SECONDS)
        description: TopicDescription = await _result(asked[self._topic], f"describing topic {self._topic}")
        return [each.id for each in description.partitions]

    async def bounds(self, partitions: list[int]) -> dict[int, tuple[int, int]]:
        """The oldest offset kept and the next one, of each partition.

        Raises:
            UnavailableError: Kafka does not answer.
        """
        low, end = await asyncio.gather(self._offsets(partitions, _EARLIEST), self._offsets(partitions, _LATEST))
        return {each: (low[each], end[each]) for each in partitions}

    async def readers(self) -> tuple[dict[int, str], int]:
        """Who reads each partition, and how many members the group has.

        Raises:
            UnavailableError: Kafka does not answer.
        """
        asked = self._admin.describe_consumer_groups([self._group], request_timeout=REQUEST_SECONDS)
        try:
            group: ConsumerGroupDescription = await asyncio.wrap_future(asked[self._group])
        except KafkaException as error:
            if error.args[0].code() == KafkaError.GROUP_ID_NOT_FOUND:
                return {}, 0
            raise kafka.unavailable("describing the consumer group", error) from error
        return self._readers_of(group), len(group.members)

    def _readers_of(self, group: ConsumerGroupDescription) -> dict[int, str]:
        return {
            place.partition: member.group_instance_id or member.client_id
            for member in group.members
            for place in member.assignment.topic_partitions
            if place.topic == self._topic
        }

    async def _offsets(self, partitions: list[int], spec: OffsetSpec) -> dict[int, int]:
        wanted = {TopicPartition(self._topic, each): spec for each in partitions}
        asked: dict[TopicPartition, Future[ListOffsetsResultInfo]] = self._admin.list_offsets(
            wanted, request_timeout=REQUEST_SECONDS
        )
        found = [(place.partition, await _result(future, "reading offsets")) for place, future in asked.items()]
        return {partition: info.offset for partition, info in found}


async def _result(future: Future[Result], doing: str) -> Result:
    try:
        return await asyncio.wrap_future(future)
    except KafkaException as error:
        raise kafka.unavailable(doing, error) from error
