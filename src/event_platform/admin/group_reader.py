"""Asks Kafka for the consumer group's offsets and members, by administrative calls that change nothing."""

import asyncio
from concurrent.futures import Future
from typing import Final, TypeVar

from confluent_kafka import ConsumerGroupTopicPartitions, KafkaError, KafkaException, TopicCollection, TopicPartition
from confluent_kafka.admin import (
    AdminClient,
    ConsumerGroupDescription,
    ListOffsetsResultInfo,
    OffsetSpec,
    TopicDescription,
)

from event_platform.admin.lag import Offsets
from event_platform.core.errors import UnavailableError

REQUEST_SECONDS: Final = 2.0

_EARLIEST: Final[OffsetSpec] = OffsetSpec.earliest()  # type: ignore[no-untyped-call]  # theirs
_LATEST: Final[OffsetSpec] = OffsetSpec.latest()  # type: ignore[no-untyped-call]  # theirs

Result = TypeVar("Result")


class GroupReader:
    """Reads one group's standing on one topic.

    Args:
        admin: A client of the cluster.
        topic: The topic that is read.
        group: The consumer group that reads it.
    """

    def __init__(self, admin: AdminClient, topic: str, group: str) -> None:
        self._admin = admin
        self._topic = topic
        self._group = group

    async def offsets(self) -> dict[int, Offsets]:
        """Of each partition. What is committed is read before where the partition ends, so that no lag is negative.

        Raises:
            UnavailableError: Kafka does not answer, or has no such topic.
        """
        partitions = [each.id for each in (await self._topic_description()).partitions]
        committed = await self._committed()
        low, end = await asyncio.gather(self._bounds(partitions, _EARLIEST), self._bounds(partitions, _LATEST))
        return {each: Offsets(committed.get(each), low[each], end[each]) for each in partitions}

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
            raise _unavailable("describing the consumer group", error) from error
        return self._readers_of(group), len(group.members)

    def _readers_of(self, group: ConsumerGroupDescription) -> dict[int, str]:
        return {
            place.partition: member.group_instance_id or member.client_id
            for member in group.members
            for place in member.assignment.topic_partitions
            if place.topic == self._topic
        }

    async def _topic_description(self) -> TopicDescription:
        asked = self._admin.describe_topics(TopicCollection([self._topic]), request_timeout=REQUEST_SECONDS)
        description: TopicDescription = await _result(asked[self._topic], f"describing topic {self._topic}")
        return description

    async def _committed(self) -> dict[int, int]:
        wanted = [ConsumerGroupTopicPartitions(self._group)]
        asked = self._admin.list_consumer_group_offsets(wanted, request_timeout=REQUEST_SECONDS)
        found: ConsumerGroupTopicPartitions = await _result(asked[self._group], "reading committed offsets")
        ours = (each for each in found.topic_partitions or () if each.topic == self._topic)
        return {each.partition: each.offset for each in ours if each.offset >= 0}

    async def _bounds(self, partitions: list[int], spec: OffsetSpec) -> dict[int, int]:
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
        raise _unavailable(doing, error) from error


def _unavailable(doing: str, error: KafkaException) -> UnavailableError:
    return UnavailableError(f"{doing}: {error.args[0].str()}")
