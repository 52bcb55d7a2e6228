"""Storing a batch in spite of fencing, refused rows and slow statements, on a real Postgres."""

from datetime import UTC, datetime, timedelta

import psycopg
import pytest
from tests.processor.conftest import Bench, MakeMessage
from tests.processor.storage.written import outcome_counts, rows_stored, tenant_of

from event_platform.core.errors import UnavailableError


def test_fenced_partition_is_dropped_and_reported(bench: Bench, message: MakeMessage) -> None:
    """Records of a partition with another next offset are not stored; those of other partitions in the batch are."""
    bench.connection.execute(
        "UPDATE consumer_progress SET next_offset = 7 WHERE topic_id = %s AND partition = 1", [bench.topic_id]
    )
    ours, theirs = bench.batch(message()), bench.batch(message(), partition=1)
    both = type(ours)(
        bench.topic_id, ours.records + theirs.records, ours.outcomes + theirs.outcomes, ours.spans | theirs.spans
    )
    write_result = bench.writer.write(both)
    assert (write_result.next_offsets, write_result.mismatched, rows_stored(write_result)) == ({0: 1}, {1}, 1)
    assert (
        bench.one("SELECT next_offset FROM consumer_progress WHERE topic_id = %s AND partition = 1", bench.topic_id)
        == 7
    )


def test_batch_that_was_committed_is_not_stored_again(bench: Bench, message: MakeMessage) -> None:
    """After a commit of our own whose answer was lost, nothing is stored twice and no partition is repositioned."""
    values = [message(), message()]
    bench.write(*values)
    write_result = bench.write(*values)
    assert (write_result.next_offsets, write_result.mismatched, write_result.transactions) == ({0: 2}, set(), [])
    assert outcome_counts(bench, tenant_of(values[0])) == {"stored": 2}


def test_refused_row_is_dead_lettered_alone(bench: Bench, message: MakeMessage) -> None:
    """499 of 500 rows are stored; the one that is refused alone, while a good row is accepted, is dead-lettered."""
    bench.connection.execute("ALTER TABLE events ADD CONSTRAINT refuse CHECK (event_type <> 'refused')")
    try:
        values = [message(event_type="refused" if number == 321 else "fine") for number in range(500)]
        write_result = bench.write(*values)
    finally:
        bench.connection.execute("ALTER TABLE events DROP CONSTRAINT refuse")
    assert rows_stored(write_result) == 499
    assert write_result.next_offsets == {0: 500}
    assert outcome_counts(bench, tenant_of(values[0])) == {"stored": 499, "dead": 1}
    code, offset = bench.query("SELECT code, source_offset FROM dlq_events WHERE tenant_id = %s", tenant_of(values[0]))[
        0
    ]
    assert (code, offset) == ("UNSTORABLE", 321)


def test_no_row_is_dead_lettered_while_every_row_is_refused(bench: Bench, message: MakeMessage) -> None:
    """A table that accepts nothing is an outage, not a bad event: nothing becomes a dead letter."""
    bench.connection.execute("ALTER TABLE events ADD CONSTRAINT refuse CHECK (false) NOT VALID")
    value = message()
    try:
        with pytest.raises(UnavailableError, match="even a good row"):
            bench.write(value)
    finally:
        bench.connection.execute("ALTER TABLE events DROP CONSTRAINT refuse")
    assert outcome_counts(bench, tenant_of(value)) == {}
    assert rows_stored(bench.write(value)) == 1


def test_dropped_partition_is_created_again(bench: Bench, message: MakeMessage) -> None:
    """The batch is stored although its daily partition was dropped behind the writer's back."""
    long_ago = datetime.now(UTC) - timedelta(days=20)
    bench.write(message(received_at=long_ago))
    bench.connection.execute(f"DROP TABLE events_{long_ago:%Y_%m_%d}")
    assert rows_stored(bench.write(message(received_at=long_ago), start=1)) == 1


def test_batch_that_times_out_is_split(bench: Bench, message: MakeMessage) -> None:
    """Fewer rows are quick enough, and each is stored and counted once.

    The next batch begins with about as many; a single row that times out is retried like an outage.
    """
    bench.connection.execute(
        "CREATE FUNCTION slowly() RETURNS trigger LANGUAGE plpgsql AS "
        "'BEGIN PERFORM pg_sleep((NEW.payload ->> ''seconds'')::float); RETURN NEW; END'"
    )
    bench.connection.execute("CREATE TRIGGER slowly BEFORE INSERT ON events FOR EACH ROW EXECUTE FUNCTION slowly()")
    bench.connection.execute("SET statement_timeout = '3s'")
    try:
        values = [message(payload={"seconds": 0.1}) for _ in range(40)]
        write_result = bench.write(*values)
        assert (rows_stored(write_result), write_result.splits >= 1, write_result.next_offsets) == (40, True, {0: 40})
        assert outcome_counts(bench, tenant_of(values[0])) == {"stored": 40}
        next_one = bench.write(*(message(payload={"seconds": 0.1}) for _ in range(40)), start=40)
        assert (rows_stored(next_one), len(next_one.transactions) > 1, next_one.splits) == (40, True, 0)
        with pytest.raises(psycopg.errors.QueryCanceled):
            bench.write(message(payload={"seconds": 60}), start=80)
    finally:
        bench.connection.execute("SET statement_timeout = '30s'")
        bench.connection.execute("DROP FUNCTION slowly CASCADE")
