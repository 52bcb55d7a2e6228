"""The next offset of every partition: the fencing guard that counts every record once, whoever believes to own it."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from event_platform.core.connections.postgres import Connection
from event_platform.processor.polled_records import UNKNOWN_EPOCH, Span

# In partition order, so that two workers that both believe to own some of them cannot deadlock. In one statement,
# because the thread that decodes delays this one after each.
_ADVANCE: Final = """
WITH spans AS (
    SELECT * FROM unnest(%s::int[], %s::bigint[], %s::bigint[], %s::int[])
        AS s(partition, first_offset, next_offset, leader_epoch)
), taken AS MATERIALIZED (
    SELECT p.topic_id, p.partition, s.next_offset, s.leader_epoch
    FROM spans s JOIN consumer_progress p USING (partition)
    WHERE p.topic_id = %s AND p.next_offset = s.first_offset
    ORDER BY p.partition FOR UPDATE OF p
)
UPDATE consumer_progress p SET next_offset = t.next_offset, leader_epoch = t.leader_epoch
FROM taken t WHERE p.topic_id = t.topic_id AND p.partition = t.partition
"""


@dataclass(frozen=True, slots=True)
class StoredOffset:
    """The offset at which a partition is read next."""

    next_offset: int
    leader_epoch: int = UNKNOWN_EPOCH
    """Of the record before it; with it Kafka can tell whether its log is still the one that was read."""


@dataclass(frozen=True, slots=True)
class PartitionId:
    """A partition of a topic; a topic that is recreated under its name has another ``topic_id``."""

    topic: str
    topic_id: str
    partition: int


class OffsetMismatchError(Exception):
    """A partition's next offset is not where the batch starts; the transaction must be rolled back."""


def advance_offsets(connection: Connection, topic_id: str, spans: dict[int, Span]) -> None:
    """Move each partition's next offset from the start of its span to the end, in the caller's transaction.

    The rows stay locked until the transaction ends.

    Raises:
        OffsetMismatchError: One was not at the start; after the rollback, `find_mismatches` tells which.
    """
    ordered = sorted(spans.items())
    offsets = [[span.start for _, span in ordered], [span.end for _, span in ordered]]
    columns = [[p for p, _ in ordered], *offsets, [span.leader_epoch for _, span in ordered]]
    if connection.execute(_ADVANCE, [*columns, topic_id]).rowcount != len(ordered):
        raise OffsetMismatchError


@dataclass(frozen=True, slots=True)
class OffsetMismatches:
    """Partitions whose next offset is not where their span starts."""

    at_end: set[int]
    """Already at its end: by our own commit, whose answer was lost, or by a zombie's of the same records."""
    elsewhere: set[int]
    """Anywhere else: another worker owned it meanwhile, an older database was restored, or a part of the batch was
    stored before an outage."""


def find_mismatches(connection: Connection, topic_id: str, spans: dict[int, Span]) -> OffsetMismatches:
    """Compare the next offsets with the starts of ``spans``."""
    stored = read_offsets(connection, topic_id, spans)
    next_offsets = {partition: offset.next_offset for partition, offset in stored.items()}
    at_end = {partition for partition, span in spans.items() if next_offsets.get(partition) == span.end}
    elsewhere = {p for p, span in spans.items() if next_offsets.get(p) != span.start} - at_end
    return OffsetMismatches(at_end, elsewhere)


def read_offsets(connection: Connection, topic_id: str, partitions: Iterable[int]) -> dict[int, StoredOffset]:
    """The next offsets of ``partitions``, without those that were never read."""
    rows = connection.execute(
        "SELECT partition, next_offset, leader_epoch FROM consumer_progress "
        "WHERE topic_id = %s AND partition = ANY(%s)",
        [topic_id, list(partitions)],
    )
    return {int(partition): StoredOffset(int(offset), int(epoch)) for partition, offset, epoch in rows}


def insert_start_offset(connection: Connection, partition: PartitionId, offset: int) -> None:
    """Let a partition that was never read start at ``offset``."""
    connection.execute(
        "INSERT INTO consumer_progress (topic, topic_id, partition, next_offset) VALUES (%s, %s, %s, %s) "
        "ON CONFLICT DO NOTHING",
        [partition.topic, partition.topic_id, partition.partition, offset],
    )


def skip_gap(connection: Connection, partition: PartitionId, from_offset: int, to_offset: int) -> bool:
    """Move past records that Kafka no longer holds, and record the gap; False if another worker already did."""
    with connection.transaction():
        updated = connection.execute(
            "UPDATE consumer_progress SET next_offset = %s, leader_epoch = -1 "
            "WHERE topic_id = %s AND partition = %s AND next_offset = %s",
            [to_offset, partition.topic_id, partition.partition, from_offset],
        )
        if updated.rowcount == 0:
            return False
        connection.execute(
            "INSERT INTO progress_gaps (topic, topic_id, partition, from_offset, to_offset, noticed_at) "
            "VALUES (%s, %s, %s, %s, %s, now()) ON CONFLICT DO NOTHING",
            [partition.topic, partition.topic_id, partition.partition, from_offset, to_offset],
        )
    return True


def set_offset(connection: Connection, partition: PartitionId, offset: int) -> int | None:
    """Set a partition's next offset, and return the one before; None if the partition was never read."""
    row = connection.execute(
        "SELECT next_offset FROM consumer_progress WHERE topic_id = %s AND partition = %s FOR UPDATE",
        [partition.topic_id, partition.partition],
    ).fetchone()
    connection.execute(
        "INSERT INTO consumer_progress (topic, topic_id, partition, next_offset) VALUES (%s, %s, %s, %s) "
        "ON CONFLICT (topic_id, partition) DO UPDATE SET next_offset = excluded.next_offset, leader_epoch = -1",
        [partition.topic, partition.topic_id, partition.partition, offset],
    )
    return int(row[0]) if row else None
