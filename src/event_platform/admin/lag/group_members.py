"""Members of the processor's consumer group, and the partitions assigned to each."""

import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, cast

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient

from event_platform.core.connections import kafka

TIMEOUT_SECONDS: Final = 2.0

_UUID_SUFFIX: Final = re.compile(r"-[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$")


@dataclass(frozen=True, slots=True)
class GroupMembers:
    """The members of a consumer group.

    Attributes:
        count: How many members it has.
        by_partition: The member that each assigned partition belongs to, by its `configured_name`.
    """

    count: int
    by_partition: dict[int, str]


def read(admin: AdminClient, group: str, topic: str) -> GroupMembers:
    """Read the group's members; none if there is no such group. Blocks for at most two seconds.

    Raises:
        UnavailableError: Kafka does not answer.
    """
    try:
        groups = admin.list_groups(group, timeout=TIMEOUT_SECONDS)
    except KafkaException as error:
        raise kafka.unavailable_error("reading the consumer group", error) from error
    members = [member for each in groups for member in each.members]
    by_partition = {
        partition: configured_name(str(member.id))
        for member in members
        for name, partition in parse_assignment(cast("bytes | None", member.assignment) or b"")
        if name == topic
    }
    return GroupMembers(len(members), by_partition)


def configured_name(member_id: str) -> str:
    """The ``group.instance.id`` of a static member, or the ``client.id`` of a dynamic one.

    Brokers make a member's id from it, followed by a hyphen and a UUID.
    """
    return _UUID_SUFFIX.sub("", member_id)


def parse_assignment(assignment: bytes) -> Iterator[tuple[str, int]]:
    """Yield topic and partition of everything assigned to a member, from Kafka's ``ConsumerProtocolAssignment``.

    All versions begin alike: a version, then the topics, each with its name and its partitions
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
