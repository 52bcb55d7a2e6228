"""The balance sheet of a run: what was answered, what became of it, and what contradicts."""

from collections.abc import Iterator
from typing import Any

import msgspec
from msgspec import Struct, field

SHOWN_DIFFERENCES = 20


class Row(Struct):
    """Events that ended alike, and how many rows, dead letters and events without either were found of them."""

    events: int = 0
    stored: int = 0
    dead: int = 0
    neither: int = 0


class Difference(Struct, frozen=True):
    """An event that contradicts its answers.

    Attributes:
        problem: What was found and what was expected.
        seen: Its answers, and where it was seen.
    """

    tenant: str
    key: str
    problem: str
    seen: str

    def __str__(self) -> str:
        return f"{self.tenant} {self.key}: {self.problem} [{self.seen}]"


class BalanceSheet(Struct):
    """Sums over all requests and all events of a run.

    Attributes:
        requests: Number of requests by how they ended; they add up to the requests sent.
        rows: Events by how their requests ended together; they add up to the events.
        acknowledged_again: Acknowledgements under a further id of an event acknowledged before: copies that only the
            store recognised, because the cache was away.
        differences: All that contradicts.
        remarks: What a reader must know to read it right.
    """

    requests: dict[str, int]
    rows: dict[str, Row] = field(default_factory=dict)
    acknowledged_again: int = 0
    differences: list[Difference] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)

    @property
    def balanced(self) -> bool:
        """Whether all that was answered is true."""
        return not self.differences

    @property
    def total(self) -> Row:
        """The sum of all rows."""
        columns = Row.__struct_fields__
        return Row(*(sum(getattr(row, column) for row in self.rows.values()) for column in columns))

    def __str__(self) -> str:
        return "\n".join(self._lines())

    def to_json(self) -> dict[str, Any]:
        """Builtin values; at most the first differences, and the number of all."""
        shown = self.differences[:SHOWN_DIFFERENCES]
        return {
            "balanced": self.balanced,
            "requests": {str(end): number for end, number in self.requests.items()},
            "events": msgspec.to_builtins(self.rows | {"total": self.total}),
            "acknowledged_again": self.acknowledged_again,
            "remarks": self.remarks,
            "difference_count": len(self.differences),
            "differences": msgspec.to_builtins(shown),
        }

    def _lines(self) -> Iterator[str]:
        yield f"{'requests':<36}{sum(self.requests.values()):>10,}"
        yield from (f"  {end:<34}{number:>10,}" for end, number in self.requests.items() if number)
        yield f"{'events':<26}{'sent':>10}{'stored':>10}{'dead':>10}{'neither':>10}"
        yield from (_table_line(f"  {name}", row) for name, row in self.rows.items())
        yield _table_line("  total", self.total)
        if self.acknowledged_again:
            yield f"copies that only the store recognised: {self.acknowledged_again:,}"
        yield from self.remarks
        yield from self._verdict()

    def _verdict(self) -> Iterator[str]:
        if self.balanced:
            yield "It balances: every event is where its answers say."
            return
        yield f"It does not balance: {len(self.differences):,} differences."
        yield from (f"  {difference}" for difference in self.differences[:SHOWN_DIFFERENCES])
        if len(self.differences) > SHOWN_DIFFERENCES:
            yield f"  … and {len(self.differences) - SHOWN_DIFFERENCES:,} more"


def _table_line(name: str, row: Row) -> str:
    return f"{name:<26}{row.events:>10,}{row.stored:>10,}{row.dead:>10,}{row.neither:>10,}"
