"""Where each partition goes on: the guard that lets every record count once, whoever else believes to own it."""

from collections.abc import Iterable
from typing import Final

import msgspec

from event_platform.core.connections.postgres import Connection
from event_platform.processor.records import UNKNOWN_EPOCH, Span

# In partition order, so that two workers that both believe to own some never wait for each other in a circle; in one
# statement, because the thread that decodes holds up this one after each.
_TAKE: Final = """
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


class Position(msgspec.Struct, frozen=True):
    """Where a partition is read next."""

    next_offset: int
    leader_epoch: int = UNKNOWN_EPOCH
    """Of the record before; by it Kafka can tell whether its log is still the one that was read."""


class FencedError(Exception):
    """A partition is not where the batch starts; nothing of the transaction may stay."""


def take(connection: Connection, topic_id: str, spans: dict[int, Span]) -> None:
    """Move the partitions from where the batch starts to its end, inside the caller's transaction.

    Raises:
        FencedError: One of them was not there; `compare` tells which, once the transaction is rolled back.
    """
    ordered = sorted(spans.items())
    offsets = [[span.start for _, span in ordered], [span.end for _, span in ordered]]
    columns = [[p for p, _ in ordered], *offsets, [span.leader_epoch for _, span in ordered]]
    if connection.execute(_TAKE, [*columns, topic_id]).rowcount != len(ordered):
        raise FencedError


class Standing(msgspec.Struct, frozen=True):
    """The partitions of a batch that are not where it starts."""

    done: set[int]
    """They stand at its end already: our own commit, whose answer was lost, or a zombie's of the same records."""
    moved: set[int]
    """They stand somewhere else: another worker had them, or an older database was restored."""


def compare(connection: Connection, topic_id: str, spans: dict[int, Span]) -> Standing:
    """Where the partitions of a batch really stand."""
    found = read(connection, topic_id, spans)
    at = {partition: position.next_offset for partition, position in found.items()}
    done = {partition for partition, span in spans.items() if at.get(partition) == span.end}
    return Standing(done, {p for p, span in spans.items() if at.get(p) != span.start} - done)


def read(connection: Connection, topic_id: str, partitions: Iterable[int]) -> dict[int, Position]:
    """Where those of ``partitions`` go on that were ever read."""
    rows = connection.execute(
        "SELECT partition, next_offset, leader_epoch FROM consumer_progress "
        "WHERE topic_id = %s AND partition = ANY(%s)",
        [topic_id, list(partitions)],
    )
    return {int(partition): Position(int(offset), int(epoch)) for partition, offset, epoch in rows}


class Place(msgspec.Struct, frozen=True):
    """A partition of a topic, which is this one only as long as its id is."""

    topic: str
    topic_id: str
    partition: int


def begin(connection: Connection, place: Place, offset: int) -> None:
    """Let a partition that was never read start at ``offset``."""
    connection.execute(
        "INSERT INTO consumer_progress (topic, topic_id, partition, next_offset) VALUES (%s, %s, %s, %s) "
        "ON CONFLICT DO NOTHING",
        [place.topic, place.topic_id, place.partition, offset],
    )


def skip(connection: Connection, place: Place, from_offset: int, to_offset: int) -> bool:
    """Go on behind a gap, and keep a record of it; False where another worker did so already."""
    with connection.transaction():
        moved = connection.execute(
            "UPDATE consumer_progress SET next_offset = %s, leader_epoch = -1 "
            "WHERE topic_id = %s AND partition = %s AND next_offset = %s",
            [to_offset, place.topic_id, place.partition, from_offset],
        )
        if moved.rowcount == 0:
            return False
        connection.execute(
            "INSERT INTO progress_gaps (topic, topic_id, partition, from_offset, to_offset, noticed_at) "
            "VALUES (%s, %s, %s, %s, %s, now()) ON CONFLICT DO NOTHING",
            [place.topic, place.topic_id, place.partition, from_offset, to_offset],
        )
    return True


def move(connection: Connection, place: Place, offset: int) -> int | None:
    """Let a partition go on at ``offset``, and return where it stood; None where it was never read."""
    row = connection.execute(
        "SELECT next_offset FROM consumer_progress WHERE topic_id = %s AND partition = %s FOR UPDATE",
        [place.topic_id, place.partition],
    ).fetchone()
    connection.execute(
        "INSERT INTO consumer_progress (topic, topic_id, partition, next_offset) VALUES (%s, %s, %s, %s) "
        "ON CONFLICT (topic_id, partition) DO UPDATE SET next_offset = excluded.next_offset, leader_epoch = -1",
        [place.topic, place.topic_id, place.partition, offset],
    )
    return int(row[0]) if row else None
