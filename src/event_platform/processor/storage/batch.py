"""Messages on their way through the processor, a batch at a time."""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property
from typing import Final

import msgspec

from event_platform.core.rules import timestamps
from event_platform.core.rules.outcome import Dead, Outcome, Row, Store
from event_platform.processor.storage import binary_copy, rollups

Headers = tuple[tuple[str, bytes | None], ...]

UNKNOWN_EPOCH: Final = -1
"""A leader epoch that is not known; it matches any (https://cwiki.apache.org/confluence/x/uIRwBg, KIP-320)."""


class Record(msgspec.Struct, frozen=True, gc=False):
    """A message of the raw topic."""

    partition: int
    offset: int
    value: bytes | None
    key: bytes | None = None
    headers: Headers = ()
    timestamp_ms: int | None = None
    """When it came into the topic, in Unix time by Kafka's clock."""
    leader_epoch: int = UNKNOWN_EPOCH
    """Of the leader that wrote it: with the offset it names the record for good, although Kafka may cut its log."""
    problem: str | None = None
    """What of it the client could not read, if anything."""


class Span(msgspec.Struct, frozen=True):
    """What a batch takes of one partition: from ``start`` on, up to but without ``end``."""

    start: int
    end: int
    epoch: int = 0
    """Which positioning of the partition it was read under; an older one is no longer valid."""
    leader_epoch: int = UNKNOWN_EPOCH
    """Of its last record."""


@dataclass(frozen=True)
class Taken:
    """Records as they came, with the spans of their partitions, and of those that move on without any."""

    topic_id: str
    records: tuple[Record, ...]
    spans: dict[int, Span]


@dataclass(frozen=True)
class Batch:
    """Records with what is to become of each; ``outcomes`` go in step with ``records``."""

    topic_id: str
    records: tuple[Record, ...]
    outcomes: tuple[Outcome, ...]
    spans: dict[int, Span]

    def without(self, partitions: Collection[int]) -> "Batch":
        """The batch, but for the records of ``partitions``."""
        if not partitions:
            return self
        kept = [place for place, record in enumerate(self.records) if record.partition not in partitions]
        return replace(
            self,
            records=tuple(self.records[place] for place in kept),
            outcomes=tuple(self.outcomes[place] for place in kept),
            spans={partition: span for partition, span in self.spans.items() if partition not in partitions},
        )

    def pieces(self, most: int) -> Iterator["Batch"]:
        """The batch in parts of at most so many records, to be stored one after the other."""
        if len(self.records) <= most:
            yield self
        else:
            for half in self.halves():
                yield from half.pieces(most)

    def halves(self) -> tuple["Batch", "Batch"]:
        """The batch as two, one to be stored after the other."""
        middle = len(self.records) // 2
        first, second = self.records[:middle], self.records[middle:]
        cuts = {record.partition: record.offset + 1 for record in first}
        epochs = {record.partition: record.leader_epoch for record in first}
        # Partitions that move on without a record come last.
        later = {record.partition for record in second} | (self.spans.keys() - cuts.keys())
        starts = {p: cuts.get(p, self.spans[p].start) for p in later}
        before = {
            p: msgspec.structs.replace(self.spans[p], end=cut, leader_epoch=epochs[p]) if p in later else self.spans[p]
            for p, cut in cuts.items()
        }
        after = {p: msgspec.structs.replace(self.spans[p], start=start) for p, start in starts.items()}
        return (
            replace(self, records=first, outcomes=self.outcomes[:middle], spans=before),
            replace(self, records=second, outcomes=self.outcomes[middle:], spans=after),
        )

    def prepare(self) -> None:
        """Make ahead what the transaction needs, because this is the part that runs beside Postgres."""
        _ = self.copy_data, self.types, self.days

    @cached_property
    def rows(self) -> list[tuple[int, Row]]:
        """``(place, row)`` of what is to be stored."""
        return [(place, outcome.row) for place, outcome in enumerate(self.outcomes) if isinstance(outcome, Store)]

    @cached_property
    def days(self) -> set[date]:
        """The UTC days in which the rows were received."""
        return timestamps.days_of(minute_us for minute_us, *_ in self.types)

    @cached_property
    def types(self) -> rollups.Types:
        """The rows by minute, tenant, type and partition, as they count if all of them are new."""
        return self.types_of(self.rows)

    def types_of(self, rows: Iterable[tuple[int, Row]]) -> rollups.Types:
        """The same of some rows."""
        records = self.records
        return rollups.by_minute(
            (row.received_at_us // rollups.MINUTE_US, row.tenant_id, row.event_type, records[place].partition)
            for place, row in rows
        )

    def dead(self) -> Iterator[tuple[int, Dead]]:
        """``(place, dead letter)`` of what is not."""
        return ((place, outcome) for place, outcome in enumerate(self.outcomes) if isinstance(outcome, Dead))

    @cached_property
    def copy_data(self) -> bytes:
        """All rows in the form in which COPY takes them, made once."""
        return binary_copy.encode(row for _, row in self.rows)
