"""Where to start: Postgres alone says it; Kafka says what is still there to be read."""

from collections.abc import Collection
from typing import Final

import msgspec

from event_platform.core.telemetry import get_logger
from event_platform.processor import progress
from event_platform.processor.database import Connection
from event_platform.processor.progress import Place
from event_platform.processor.topic import Topic

BEYOND_THE_END: Final = (
    "partition {partition} goes on at offset {offset}, but the topic ends at {high}: Kafka has lost data or is an "
    "older copy; `event-platform rewind --partition {partition} --to {high}` goes on from its end"
)

log = get_logger(__name__)


class Found(msgspec.Struct):
    """Where partitions go on."""

    topic_id: str
    offsets: dict[int, int] = msgspec.field(default_factory=dict)
    stopped: dict[int, str] = msgspec.field(default_factory=dict)
    """Partitions that cannot go on, with the reason."""
    absent: set[int] = msgspec.field(default_factory=set)
    """Partitions that the topic does not have: it was made anew with fewer, and the group does not know it yet."""


def find(connection: Connection, topic: Topic, partitions: Collection[int]) -> Found:
    """Look up where ``partitions`` go on; one that was never read starts at its low mark.

    Raises:
        psycopg.Error: Postgres cannot say now.
        UnavailableError: Kafka cannot say now.
    """
    topic_id = topic.id()
    there = set(topic.partitions()).intersection(partitions)
    found = Found(topic_id, absent=set(partitions) - there)
    # Asked first: an end that is newer than the position is never short of it, whoever moves on meanwhile.
    known = progress.read(connection, topic_id, there)
    marks = topic.marks(there) if there else {}
    for partition in sorted(there):
        low, high = marks[partition].low, marks[partition].high
        place = Place(topic.name, topic_id, partition)
        if partition not in known:
            progress.begin(connection, place, low)
            found.offsets[partition] = progress.read(connection, topic_id, [partition])[partition]
        elif known[partition] > high:
            found.stopped[partition] = BEYOND_THE_END.format(partition=partition, offset=known[partition], high=high)
        else:
            found.offsets[partition] = _within(connection, place, known[partition], low)
    return found


def _within(connection: Connection, place: Place, next_offset: int, low: int) -> int:
    """``next_offset``, or the low mark where Kafka has dropped what came before it."""
    if next_offset >= low:
        return next_offset
    if progress.skip(connection, place, next_offset, low):
        log.error(
            "events are lost: Kafka dropped them before they were processed",
            topic=place.topic,
            partition=place.partition,
            from_offset=next_offset,
            to_offset=low,
        )
    return low
