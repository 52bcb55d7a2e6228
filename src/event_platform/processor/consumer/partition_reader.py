"""Where a partition is read next, what comes next there, and what it means that Kafka does not have it."""

import re
from dataclasses import dataclass
from typing import Final

from confluent_kafka import KafkaError

from event_platform.processor.records import UNKNOWN_EPOCH, Record

_REFUSALS: Final = (KafkaError._AUTO_OFFSET_RESET, KafkaError.OFFSET_OUT_OF_RANGE)  # noqa: SLF001 - its public name

# The error carries the offset in its text only.
_TRUNCATED: Final = re.compile(r"truncation detected .* broker end offset is (\d+)")


def is_refusal(error: KafkaError) -> bool:
    """Whether Kafka does not have the offset: it has dropped or lost it, or its log is not the one that was read."""
    return error.code() in _REFUSALS


@dataclass
class Reading:
    """Where a partition is read next, after which record; the epoch changes whenever it is placed anew."""

    next_offset: int
    leader_epoch: int
    epoch: int
    is_begun: bool = False
    """Whether a record was taken since it was placed."""
    doubted_offset: int | None = None
    """Of a first record that would leave out others."""

    def expects(self, offset: int) -> bool:
        """Whether the record, or the partition's end, at ``offset`` comes next.

        A first one that leaves a gap may be left over from before the partition was placed. Where it is Kafka's own gap
        (compacted records, ends of transactions) the same record comes first when the partition is read once more.
        """
        self.is_begun = self.is_begun or offset in (self.next_offset, self.doubted_offset)
        if not self.is_begun:
            self.doubted_offset = offset
        return self.is_begun

    def move(self, record: Record) -> None:
        """Go on behind ``record``."""
        self.next_offset, self.leader_epoch = record.offset + 1, record.leader_epoch

    def pass_over(self, end: int) -> None:
        """Go on at the partition's end, before which nothing more is delivered: ends of transactions, aborted records.

        Who wrote them is not known; with the epoch of the last record their offsets would look cut off.
        """
        self.next_offset, self.leader_epoch = end, UNKNOWN_EPOCH


@dataclass(frozen=True)
class Refusal:
    """Kafka does not have the offset at which a partition was to be read on."""

    epoch: int
    """Of the reading that it ended: what was read before is still to be stored."""
    end_offset: int | None
    """Up to which Kafka's log is the one that was read; None where the client did not learn that."""

    @classmethod
    def of(cls, error: KafkaError, reading: Reading) -> "Refusal":
        """What ``error`` says of the partition that was read as ``reading``."""
        end = _TRUNCATED.search(error.str())
        return cls(reading.epoch, int(end[1]) if end else None)
