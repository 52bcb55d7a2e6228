"""Where to start: Postgres alone says it; Kafka says what is still there to be read."""

from collections.abc import Collection
from typing import Final

import msgspec

from event_platform.core.connections.postgres import Connection
from event_platform.core.errors import UnavailableError
from event_platform.core.telemetry import get_logger
from event_platform.processor.consumer.topic import Topic
from event_platform.processor.records import UNKNOWN_EPOCH
from event_platform.processor.storage import offset_store
from event_platform.processor.storage.offset_store import PartitionId, StoredOffset

BEYOND_THE_END: Final = (
    "it goes on at offset {offset}, but its log ends at {high}: Kafka has lost data or is an older copy; "
    "`event-platform rewind --partition {partition} --to {low}` reads again all that it holds, and stores none of it "
    "twice"
)

log = get_logger(__name__)


class Found(msgspec.Struct):
    """Where partitions go on."""

    topic_id: str
    positions: dict[int, StoredOffset] = msgspec.field(default_factory=dict)
    stopped: dict[int, str] = msgspec.field(default_factory=dict)
    """Those among them that cannot go on, with the reason."""
    lows: dict[int, int] = msgspec.field(default_factory=dict)
    """Where the log of each begins."""
    silent: dict[int, str] = msgspec.field(default_factory=dict)
    """Partitions of which Kafka does not say now what they hold, and why; nobody waits for them."""
    ends: dict[int, int] = msgspec.field(default_factory=dict)
    """Where the log of each ends that goes on beyond that."""
    absent: set[int] = msgspec.field(default_factory=set)
    """Partitions that the topic does not have: it was made anew with fewer, and the group does not know it yet."""


def find(connection: Connection, topic: Topic, partitions: Collection[int]) -> Found:
    """Look up where ``partitions`` go on; one that was never read starts at its low mark.

    Raises:
        psycopg.Error: Postgres cannot say now.
        UnavailableError: Kafka cannot say now, of any of them.
    """
    topic_id = topic.id()
    there = set(topic.partitions()).intersection(partitions)
    found = Found(topic_id, absent=set(partitions) - there)
    # Asked first: an end that is newer than the position is never short of it, whoever moves on meanwhile.
    known = offset_store.read_offsets(connection, topic_id, there)
    marks, found.silent = topic.known_marks(there)
    if found.silent and not marks:
        raise UnavailableError(next(iter(found.silent.values())))
    for partition in sorted(marks):
        low, high = marks[partition].low, marks[partition].high
        place = PartitionId(topic.name, topic_id, partition)
        if partition not in known:
            offset_store.insert_start_offset(connection, place, low)
            position = offset_store.read_offsets(connection, topic_id, [partition])[partition]
        else:
            position = _within(connection, place, known[partition], low)
        found.positions[partition], found.lows[partition] = position, low
        if position.next_offset <= high:
            continue
        found.ends[partition] = high
        # With its epoch, Kafka itself says where its log parts from what was read.
        if position.leader_epoch == UNKNOWN_EPOCH:
            found.stopped[partition] = BEYOND_THE_END.format(
                partition=partition, offset=position.next_offset, low=low, high=high
            )
    return found


def _within(connection: Connection, place: PartitionId, position: StoredOffset, low: int) -> StoredOffset:
    """``position``, or the low mark where Kafka has dropped what came before it."""
    if position.next_offset >= low:
        return position
    if offset_store.skip_gap(connection, place, position.next_offset, low):
        log.error(
            "events are lost: Kafka dropped them before they were processed",
            topic=place.topic,
            partition=place.partition,
            from_offset=position.next_offset,
            to_offset=low,
        )
    return StoredOffset(low)
