"""Where a partition is read next, which record may come next, and what it means that Kafka does not have the offset."""

import re
from dataclasses import dataclass
from typing import Final

from confluent_kafka import KafkaError

from event_platform.processor.polled_records import UNKNOWN_EPOCH, Record

_OUT_OF_RANGE: Final = (KafkaError._AUTO_OFFSET_RESET, KafkaError.OFFSET_OUT_OF_RANGE)  # noqa: SLF001 - its public name

# The error carries the offset in its text only.
_TRUNCATED: Final = re.compile(r"truncation detected .* broker end offset is (\d+)")


def is_out_of_range(error: KafkaError) -> bool:
    """Whether Kafka does not have the offset: it deleted or lost it, or its log is not the one that was read."""
    return error.code() in _OUT_OF_RANGE


@dataclass(slots=True)
class ReadPosition:
    """The next offset of a partition, with the leader epoch of the record before it."""

    next_offset: int
    leader_epoch: int
    assignment_epoch: int
    """Changes whenever offsets are assigned, so that records read before can be told apart."""
    has_started: bool = False
    """Whether a record was accepted since the offset was assigned."""
    suspect_offset: int | None = None
    """The offset of a first record that would leave a gap."""

    def try_start(self, offset: int) -> bool:
        """Whether the record, or the partition's end, at ``offset`` comes next.

        A first one that leaves a gap may be left over from before the offset was assigned. Where the gap is Kafka's own
        (compacted records, ends of transactions), the same record comes first when the partition is read again.
        """
        self.has_started = self.has_started or offset in (self.next_offset, self.suspect_offset)
        if not self.has_started:
            self.suspect_offset = offset
        return self.has_started

    def advance_past(self, record: Record) -> None:
        """Move behind ``record``."""
        self.next_offset, self.leader_epoch = record.offset + 1, record.leader_epoch

    def advance_to_end(self, end: int) -> None:
        """Move to the partition's end, before which nothing is delivered: ends of transactions, aborted records.

        Their leader epoch is not known; with that of the last record their offsets would look truncated.
        """
        self.next_offset, self.leader_epoch = end, UNKNOWN_EPOCH


@dataclass(frozen=True, slots=True)
class OffsetOutOfRange:
    """Kafka's answer that it does not have the offset at which a partition was to be read on."""

    assignment_epoch: int
    """Of the read position that it ended: what was read under it is still to be stored."""
    end_offset: int | None
    """Up to which Kafka's log is the one that was read; None where the client did not learn it."""

    @classmethod
    def of(cls, error: KafkaError, position: ReadPosition) -> "OffsetOutOfRange":
        """Make one of the ``error`` that ended ``position``."""
        end = _TRUNCATED.search(error.str())
        return cls(position.assignment_epoch, int(end[1]) if end else None)
