"""A batch to be stored: records with their outcomes, and what the transaction needs of them, computed ahead."""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property

import msgspec

from event_platform.core.rules import timestamps
from event_platform.core.rules.outcome import DeadLetter, IndexedRow, Outcome, Storable
from event_platform.processor.polled_records import Record, Span
from event_platform.processor.storage import binary_copy, rollups


# Without slots, because cached_property needs a dictionary.
@dataclass(frozen=True)
class Batch:
    """Records and their outcomes; ``outcomes[i]`` belongs to ``records[i]``."""

    topic_id: str
    records: tuple[Record, ...]
    outcomes: tuple[Outcome, ...]
    spans: dict[int, Span]

    def without_partitions(self, partitions: Collection[int]) -> "Batch":
        """The batch without the records of ``partitions``."""
        if not partitions:
            return self
        kept = [index for index, record in enumerate(self.records) if record.partition not in partitions]
        return replace(
            self,
            records=tuple(self.records[index] for index in kept),
            outcomes=tuple(self.outcomes[index] for index in kept),
            spans={partition: span for partition, span in self.spans.items() if partition not in partitions},
        )

    def split(self, max_records: int) -> Iterator["Batch"]:
        """Batches of at most ``max_records``, to be stored in this order."""
        if len(self.records) <= max_records:
            yield self
        else:
            for half in self.halves():
                yield from half.split(max_records)

    def halves(self) -> tuple["Batch", "Batch"]:
        """The batch as two, to be stored in this order."""
        middle = len(self.records) // 2
        first, second = self.records[:middle], self.records[middle:]
        cuts = {record.partition: record.offset + 1 for record in first}
        epochs = {record.partition: record.leader_epoch for record in first}
        # Partitions that advance without a record are in the second half.
        in_second = {record.partition for record in second} | (self.spans.keys() - cuts.keys())
        starts = {p: cuts.get(p, self.spans[p].start) for p in in_second}
        first_spans = {
            p: msgspec.structs.replace(self.spans[p], end=cut, leader_epoch=epochs[p])
            if p in in_second
            else self.spans[p]
            for p, cut in cuts.items()
        }
        second_spans = {p: msgspec.structs.replace(self.spans[p], start=start) for p, start in starts.items()}
        return (
            replace(self, records=first, outcomes=self.outcomes[:middle], spans=first_spans),
            replace(self, records=second, outcomes=self.outcomes[middle:], spans=second_spans),
        )

    def precompute(self) -> None:
        """Compute what the transaction needs, while Postgres still works on the batch before."""
        _ = self.copy_data, self.type_counts, self.received_days

    @cached_property
    def rows(self) -> list[IndexedRow]:
        """The rows to be stored."""
        return [(index, outcome.row) for index, outcome in enumerate(self.outcomes) if isinstance(outcome, Storable)]

    @cached_property
    def received_days(self) -> set[date]:
        """The UTC days on which the rows' events were received."""
        return timestamps.utc_days(minute_us for minute_us, *_ in self.type_counts)

    @cached_property
    def type_counts(self) -> rollups.TypeCounts:
        """All rows, counted by minute, tenant, type and partition."""
        return self.count_types(self.rows)

    def count_types(self, rows: Iterable[IndexedRow]) -> rollups.TypeCounts:
        """Count ``rows``, some of the batch's, by minute, tenant, type and partition."""
        records = self.records
        return rollups.count_by_minute(
            (row.received_at_us // rollups.MINUTE_US, row.tenant_id, row.event_type, records[index].partition)
            for index, row in rows
        )

    def dead_letters(self) -> Iterator[tuple[int, DeadLetter]]:
        """``(index, dead letter)`` of the records that cannot be stored."""
        return ((index, outcome) for index, outcome in enumerate(self.outcomes) if isinstance(outcome, DeadLetter))

    @cached_property
    def copy_data(self) -> bytes:
        """All rows in the binary format of COPY."""
        return binary_copy.encode(row for _, row in self.rows)
