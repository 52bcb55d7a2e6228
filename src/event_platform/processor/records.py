"""Records of the raw topic, as the consumer hands them to the pipeline."""

from dataclasses import dataclass
from typing import Final

import msgspec

Headers = tuple[tuple[str, bytes | None], ...]

UNKNOWN_EPOCH: Final = -1
"""A leader epoch that is not known; it matches any (https://cwiki.apache.org/confluence/x/uIRwBg, KIP-320)."""


class Record(msgspec.Struct, frozen=True, gc=False):
    """One record of the raw topic; a Struct, because thousands are made per second."""

    partition: int
    offset: int
    value: bytes | None
    key: bytes | None = None
    headers: Headers = ()
    timestamp_ms: int | None = None
    """When Kafka appended it, in Unix time by Kafka's clock."""
    leader_epoch: int = UNKNOWN_EPOCH
    """Epoch of the leader that wrote it; with the offset it identifies the record even if Kafka truncates its log."""
    problem: str | None = None
    """What the client could not read of it, if anything."""


class Span(msgspec.Struct, frozen=True):
    """The offsets that a batch covers in one partition: from ``start`` up to, but not including, ``end``."""

    start: int
    end: int
    assignment_epoch: int = 0
    """The assignment under which the partition was read; a later one makes the span stale."""
    leader_epoch: int = UNKNOWN_EPOCH
    """Leader epoch of the last record."""


@dataclass(frozen=True, slots=True)
class PolledRecords:
    """What one poll returned; a partition may advance without records, so ``spans`` can name more than they do."""

    topic_id: str
    records: tuple[Record, ...]
    spans: dict[int, Span]
