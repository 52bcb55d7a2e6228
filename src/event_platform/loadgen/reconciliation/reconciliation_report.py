"""The result of a reconciliation: what was answered, what became of it, and what contradicts."""

from collections.abc import Iterator
from typing import Any, Final

import msgspec
from msgspec import Struct, field

_MAX_SHOWN: Final = 20


class EventCounts(Struct):
    """Number of events in a group, of their rows and dead letters, and of the events that have neither."""

    events: int = 0
    stored: int = 0
    dead: int = 0
    neither: int = 0


class Difference(Struct, frozen=True):
    """An event whose state contradicts its answers.

    Attributes:
        problem: What was found and what was expected.
        seen: Its answers, and what the platform holds.
    """

    tenant: str
    key: str
    problem: str
    seen: str

    def __str__(self) -> str:
        return f"{self.tenant} {self.key}: {self.problem} [{self.seen}]"


class ReconciliationReport(Struct):
    """Sums over all requests and all events of a run, and what contradicts.

    Attributes:
        requests: Requests by delivery status; they add up to the requests sent.
        groups: Events by the delivery statuses of all their requests; they add up to the events.
        acknowledged_again: Acknowledgements of a known event under a further request id: duplicates that only the
            processor recognised, because Redis was unavailable.
        differences: All contradictions.
        warnings: What a reader must know to interpret the report.
    """

    requests: dict[str, int]
    groups: dict[str, EventCounts] = field(default_factory=dict)
    acknowledged_again: int = 0
    differences: list[Difference] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

    @property
    def reconciled(self) -> bool:
        """Whether the platform's state agrees with every answer."""
        return not self.differences

    @property
    def total(self) -> EventCounts:
        """Sum of all groups."""
        columns = EventCounts.__struct_fields__
        return EventCounts(*(sum(getattr(each, column) for each in self.groups.values()) for column in columns))

    def __str__(self) -> str:
        return "\n".join(self._lines())

    def to_json(self) -> dict[str, Any]:
        """Return builtin values: the first differences, and the number of all."""
        return {
            "balanced": self.reconciled,
            "requests": {str(status): number for status, number in self.requests.items()},
            "events": msgspec.to_builtins(self.groups | {"total": self.total}),
            "acknowledged_again": self.acknowledged_again,
            "remarks": self.warnings,
            "difference_count": len(self.differences),
            "differences": msgspec.to_builtins(self.differences[:_MAX_SHOWN]),
        }

    def _lines(self) -> Iterator[str]:
        yield f"{'requests':<36}{sum(self.requests.values()):>10,}"
        yield from (f"  {status:<34}{number:>10,}" for status, number in self.requests.items() if number)
        yield f"{'events':<26}{'sent':>10}{'stored':>10}{'dead':>10}{'neither':>10}"
        yield from (_table_line(f"  {name}", counts) for name, counts in self.groups.items())
        yield _table_line("  total", self.total)
        if self.acknowledged_again:
            yield f"duplicates that only the processor recognised: {self.acknowledged_again:,}"
        yield from self.warnings
        yield from self._verdict()

    def _verdict(self) -> Iterator[str]:
        if self.reconciled:
            yield "Reconciled: what became of every event agrees with its answers."
            return
        yield f"Not reconciled: {len(self.differences):,} differences."
        yield from (f"  {difference}" for difference in self.differences[:_MAX_SHOWN])
        if len(self.differences) > _MAX_SHOWN:
            yield f"  … and {len(self.differences) - _MAX_SHOWN:,} more"


def _table_line(name: str, counts: EventCounts) -> str:
    return f"{name:<26}{counts.events:>10,}{counts.stored:>10,}{counts.dead:>10,}{counts.neither:>10,}"
