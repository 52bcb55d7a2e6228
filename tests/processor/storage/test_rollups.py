"""Rollups stay bounded."""

from datetime import UTC, datetime

from tests.processor.conftest import Bench, MakeMessage
from tests.processor.storage.written import tenant_of


def test_counted_types_are_bounded(bench: Bench, message: MakeMessage) -> None:
    """At most 200 types of a tenant and hour are counted by name, the others together; no event is uncounted.

    The others have a name that no type can have.
    """
    # All in one hour, whenever the test runs.
    now = datetime.now(UTC)
    names = ["(other)", *(f"type-{number}" for number in range(299))]
    values = [message(event_type=name, received_at=now) for name in names]
    bench.write(*values[:150])
    bench.new_writer(bench.database).write(bench.batch(*values[150:], start=150))
    rows = bench.query(
        "SELECT event_type, sum(n) FROM event_counts_hourly WHERE tenant_id = %s GROUP BY 1", tenant_of(values[0])
    )
    found = {name: int(n) for name, n in rows}
    assert len(found) == 201
    assert (found["(other)"], found[""]) == (1, 100)
    assert sum(found.values()) == 300
