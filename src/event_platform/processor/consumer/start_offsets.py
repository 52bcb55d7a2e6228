"""Looks up where partitions start: Postgres alone has the offset, and Kafka says whether it can be read."""

from collections.abc import Callable, Collection
from concurrent.futures import Future  # noqa: TC003 - annotations are read at run time
from dataclasses import dataclass, field
from typing import Final

from event_platform.core.connections.postgres import Connection
from event_platform.core.errors import UnavailableError
from event_platform.core.telemetry import get_logger
from event_platform.processor.consumer.topic_metadata import Topic, Watermarks
from event_platform.processor.database_clock import DatabaseClock
from event_platform.processor.outages.dependency_status import KAFKA, POSTGRES
from event_platform.processor.polled_records import UNKNOWN_EPOCH
from event_platform.processor.storage import offset_store
from event_platform.processor.storage.offset_store import PartitionId, StoredOffset
from event_platform.processor.writer_session import WriterSession

PROMPT_SECONDS: Final = 1.0
"""A lookup that takes longer meets an outage."""

BEYOND_THE_END: Final = (
    "its next offset is {offset}, but its log ends at {high}: Kafka has lost data or is an older copy; "
    "`event-platform rewind --partition {partition} --to {low}` reads again what it holds, and stores nothing twice"
)

log = get_logger(__name__)


@dataclass(slots=True)
class StartOffsets:
    """The answer of a lookup.

    Attributes:
        topic_id: The topic whose offsets these are.
        positions: Next offsets by partition.
        stopped: Why partitions among them cannot be read.
        lows: The low watermark of each.
        ends: High watermarks of partitions whose next offset is beyond it.
        unanswered: Partitions for which Kafka does not answer now, and why; the others do not wait for them.
        missing: Partitions that the topic does not have: it was recreated with fewer, and the group does not know yet.
    """

    topic_id: str
    positions: dict[int, StoredOffset] = field(default_factory=dict)
    stopped: dict[int, str] = field(default_factory=dict)
    lows: dict[int, int] = field(default_factory=dict)
    ends: dict[int, int] = field(default_factory=dict)
    unanswered: dict[int, str] = field(default_factory=dict)
    missing: set[int] = field(default_factory=set)


def find(connection: Connection, topic: Topic, partitions: Collection[int]) -> StartOffsets:
    """Look up the next offsets of ``partitions``; one that was never read starts at its low watermark.

    Raises:
        psycopg.Error: Postgres is unavailable.
        UnavailableError: Kafka answers for none of them.
    """
    topic_id = topic.id()
    existing = set(topic.partitions()).intersection(partitions)
    found = StartOffsets(topic_id, missing=set(partitions) - existing)
    # Postgres first: a watermark that is newer than the offset is never below it, whoever moves on meanwhile.
    known = offset_store.read_offsets(connection, topic_id, existing)
    watermarks, found.unanswered = topic.available_watermarks(existing)
    if found.unanswered and not watermarks:
        raise UnavailableError(next(iter(found.unanswered.values())))
    for partition, marks in sorted(watermarks.items()):
        position = _position(connection, PartitionId(topic.name, topic_id, partition), known.get(partition), marks.low)
        _add(found, partition, position, marks)
    return found


def _position(connection: Connection, place: PartitionId, known: StoredOffset | None, low: int) -> StoredOffset:
    """Return the next offset; a partition without a ``known`` one starts at the low watermark."""
    if known is not None:
        return _skip_deleted(connection, place, known, low)
    offset_store.insert_start_offset(connection, place, low)
    return offset_store.read_offsets(connection, place.topic_id, [place.partition])[place.partition]


def _skip_deleted(connection: Connection, place: PartitionId, position: StoredOffset, low: int) -> StoredOffset:
    """Return ``position``, or the low watermark where Kafka has deleted what comes before it."""
    if position.next_offset >= low:
        return position
    if offset_store.skip_gap(connection, place, position.next_offset, low):
        log.error(
            "events lost: Kafka deleted them before they were processed",
            topic=place.topic,
            partition=place.partition,
            from_offset=position.next_offset,
            to_offset=low,
        )
    return StoredOffset(low)


def _add(found: StartOffsets, partition: int, position: StoredOffset, marks: Watermarks) -> None:
    found.positions[partition], found.lows[partition] = position, marks.low
    if position.next_offset <= marks.high:
        return
    found.ends[partition] = marks.high
    # With a leader epoch, Kafka itself says where its log parts from what was read.
    if position.leader_epoch == UNKNOWN_EPOCH:
        found.stopped[partition] = BEYOND_THE_END.format(
            partition=partition, offset=position.next_offset, low=marks.low, high=marks.high
        )


class StartOffsetLookup:
    """Looks up start offsets on the writer thread."""

    def __init__(self, session: WriterSession, topic: Topic, clock: DatabaseClock) -> None:
        self._session = session
        self._topic = topic
        self._clock = clock

    def submit(self, partitions: Callable[[], Collection[int]]) -> "Future[StartOffsets]":
        """Look up the ``partitions``, determined again for each attempt, until Postgres and Kafka answer."""

        def look_up(connection: Connection) -> StartOffsets:
            # Before anything is read, because an event may be dead-lettered for its age.
            self._clock.synchronize(connection)
            return find(connection, self._topic, partitions())

        return self._session.submit(look_up, "looking up where to start", (KAFKA, POSTGRES))

    def is_prompt(self) -> bool:
        """Whether the attempt that runs on the writer thread, if one does, began a moment ago."""
        attempt = self._session.retrier.attempt
        return attempt is None or attempt.seconds() < PROMPT_SECONDS
