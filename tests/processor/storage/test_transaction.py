"""The one transaction of a batch: what it stores and counts, on a real Postgres."""

import json
from datetime import UTC, datetime

from tests.processor.conftest import Bench, MakeMessage
from tests.processor.storage.written import outcome_counts, resend, rows_stored, tenant_of

from event_platform.processor.storage.transaction import STAGED_BATCHES


def test_new_rows_are_copied_directly(bench: Bench, message: MakeMessage) -> None:
    """A batch of new events takes one COPY into ``events``, and is counted by outcome and by type."""
    values = [message(event_type=f"t{number % 2}") for number in range(10)]
    write_result = bench.write(*values)
    assert rows_stored(write_result) == 10
    assert not write_result.transactions[0].was_staged
    assert write_result.next_offsets == {0: 10}
    assert outcome_counts(bench, tenant_of(values[0])) == {"stored": 10}
    types = bench.query(
        "SELECT event_type, sum(n) FROM event_counts_hourly WHERE tenant_id = %s GROUP BY 1 ORDER BY 1",
        tenant_of(values[0]),
    )
    assert [(name, int(n)) for name, n in types] == [("t0", 5), ("t1", 5)]


def test_row_holds_what_was_sent(bench: Bench, message: MakeMessage) -> None:
    """Every column holds what the message said; the id is the request's."""
    value = message(occurred_at="1970-01-01T00:00:00.000001-01:00", event_id="é", more=[1.0])
    bench.write(value)
    wrapper = json.loads(value)
    row = bench.query(
        "SELECT 'req_' || id, event_id, idempotency_key, event_type, schema_version, occurred_at, received_at, status, "
        "payload::text, extensions::text FROM events WHERE tenant_id = %s",
        wrapper["tenant_id"],
    )[0]
    assert row == (
        wrapper["request_id"],
        "é",
        wrapper["idempotency_key"],
        "t",
        1,
        datetime(1970, 1, 1, 1, 0, 0, 1, tzinfo=UTC),
        datetime.fromisoformat(wrapper["received_at"]),
        "processed",
        '{"a": 1}',
        '{"more": [1.0]}',
    )


def test_redelivery_changes_nothing(bench: Bench, message: MakeMessage) -> None:
    """Records that are read again, dead letters and duplicates among them, add no row and no count."""
    first = message()
    values = [first, resend(first), b'{"broken"', message(schema_version=9)]
    bench.write(*values)
    before = bench.query("SELECT tenant_id, outcome, code, sum(n) FROM throughput GROUP BY 1, 2, 3 ORDER BY 1, 2, 3")
    bench.connection.execute("UPDATE consumer_progress SET next_offset = 0 WHERE topic_id = %s", [bench.topic_id])
    write_result = bench.write(*values)
    assert write_result.next_offsets == {0: 4}
    assert (
        bench.query("SELECT tenant_id, outcome, code, sum(n) FROM throughput GROUP BY 1, 2, 3 ORDER BY 1, 2, 3")
        == before
    )
    assert bench.one("SELECT count(*) FROM dlq_events WHERE source_topic_id = %s", bench.topic_id) == 2
    assert outcome_counts(bench, tenant_of(first)) == {"stored": 1, "duplicate": 1, "dead": 1}


def test_batches_are_staged_after_a_conflict(bench: Bench, message: MakeMessage) -> None:
    """After a batch with a conflict, the next ones are staged at once, until `STAGED_BATCHES` had none."""
    first = message()
    bench.write(first)
    results = [bench.write(first, start=1), bench.write(message(), start=2), bench.write(first, start=3)]
    results += [bench.write(message(), start=4 + number) for number in range(STAGED_BATCHES + 1)]
    was_staged = [one.transactions[0].was_staged for one in results]
    assert was_staged == [True] * (3 + STAGED_BATCHES) + [False]
