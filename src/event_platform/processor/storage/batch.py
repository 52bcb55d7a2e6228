"""Messages on their way through the processor, a batch at a time."""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property

import msgspec

from event_platform.core.rules import timestamps
from event_platform.core.rules.outcome import Dead, Outcome, Row, Store
from event_platform.processor.records import Record, Span
from event_platform.processor.storage import binary_copy, rollups


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
