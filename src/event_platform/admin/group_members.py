"""Who is in the processor's group, and which partitions each reads."""

import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, cast

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient

from event_platform.core.connections import kafka

ASK_SECONDS: Final = 2.0

_UUID_BEHIND: Final = re.compile(r"-[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$")


@dataclass(frozen=True)
class Members:
    """A group.

    Attributes:
        count: How many members it has.
        readers: Who reads each partition that somebody reads, as `name_of` calls them.
    """

    count: int
    readers: dict[int, str]


def read(admin: AdminClient, group: str, topic: str) -> Members:
    """The group as it is now; without members where there is none of that name. Blocks, for two seconds at most.

    Raises:
        UnavailableError: Kafka does not answer.
    """
    try:
        found = admin.list_groups(group, timeout=ASK_SECONDS)
    except KafkaException as error:
        raise kafka.unavailable_error("reading the consumer group", error) from error
    members = [member for each in found for member in each.members]
    readers = {
        partition: name_of(str(member.id))
        for member in members
        for name, partition in assigned(cast("bytes | None", member.assignment) or b"")
        if name == topic
    }
    return Members(len(members), readers)


def name_of(member_id: str) -> str:
    """What a member was configured as.

    Brokers make the id of a static member from its ``group.instance.id``, of any other from its ``client.id``, with a
    hyphen and a UUID behind it.
    """
    return _UUID_BEHIND.sub("", member_id)


def assigned(assignment: bytes) -> Iterator[tuple[str, int]]:
    """Topic and partition of all that a member was assigned, from Kafka's ``ConsumerProtocolAssignment``.

    Its beginning is the same in all versions: a version, then topics as name and list of partitions
    (https://kafka.apache.org/protocol, "Embedded protocol").
    """
    if not assignment:
        return
    (topics,) = struct.unpack_from(">i", assignment, 2)
    at = 6
    for _ in range(topics):
        (length,) = struct.unpack_from(">h", assignment, at)
        name = assignment[at + 2 : at + 2 + length].decode()
        (count,) = struct.unpack_from(">i", assignment, at + 2 + length)
        at += 2 + length + 4
        for partition in struct.unpack_from(f">{count}i", assignment, at):
            yield name, partition
        at += 4 * count
