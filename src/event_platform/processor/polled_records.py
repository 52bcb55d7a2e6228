"""Records as the consumer polled them, and the offsets that a batch of them covers."""

from dataclasses import dataclass
from typing import Final

import msgspec

Headers = tuple[tuple[str, bytes | None], ...]
"""``(name, value)`` of each header, in the record's order; a name may occur more than once."""

UNKNOWN_EPOCH: Final = -1
"""A leader epoch that is not known; it matches any (https://cwiki.apache.org/confluence/x/uIRwBg, KIP-320)."""


class Record(msgspec.Struct, frozen=True, gc=False):
    """A record of the raw topic."""

    partition: int
    offset: int
    value: bytes | None
    key: bytes | None = None
    headers: Headers = ()
    timestamp_ms: int | None = None
    """When the broker appended it, in Unix time by the broker's clock."""
    leader_epoch: int = UNKNOWN_EPOCH
    """Epoch of the leader that wrote it: with the offset it identifies the record even if Kafka truncates its log."""
    problem: str | None = None
    """What the client could not read of it, if anything."""


class Span(msgspec.Struct, frozen=True):
    """The offsets of one partition that a batch covers: from ``start`` up to, but not including, ``end``."""

    start: int
    end: int
    assignment_epoch: int = 0
    """The assignment under which the partition was read; a later one makes the span stale."""
    leader_epoch: int = UNKNOWN_EPOCH
    """Leader epoch of its last record."""


@dataclass(frozen=True, slots=True)
class PolledRecords:
    """Records as polled, with the span of each partition, including partitions that advance without a record."""

    topic_id: str
    records: tuple[Record, ...]
    spans: dict[int, Span]
