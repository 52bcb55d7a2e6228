"""One batch, one transaction: what is stored, counted, noted and fenced, on a real Postgres."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import msgspec
import psycopg
import pytest
from tests.processor.conftest import Bench, MakeMessage

from event_platform.core.errors import UnavailableError
from event_platform.core.rules.outcome import Storable
from event_platform.processor.storage.transaction import STAGED_BATCHES
from event_platform.processor.storage.writer import WriteResult


def tenant_of(message: bytes) -> str:
    """The tenant of a message."""
    return str(json.loads(message)["tenant_id"])


def counts(bench: Bench, tenant: str) -> dict[str, int]:
    """Messages of ``tenant`` by outcome, as the dashboard would see them."""
    rows = bench.query("SELECT outcome, sum(n) FROM throughput WHERE tenant_id = %s GROUP BY 1", tenant)
    hourly = bench.query("SELECT outcome, sum(n) FROM throughput_hourly WHERE tenant_id = %s GROUP BY 1", tenant)
    assert sorted(rows) == sorted(hourly)
    return {outcome: int(n) for outcome, n in rows}


def stored(write_result: WriteResult) -> int:
    """Rows that the batch added."""
    return sum(one.stored for one in write_result.transactions)


def again(message: bytes, **wrapper: object) -> bytes:
    """The same event under another request."""
    return json.dumps({**json.loads(message), "request_id": f"req_{uuid4()}", **wrapper}).encode()


def test_good_rows_go_straight(bench: Bench, message: MakeMessage) -> None:
    """A batch of new events is one straight COPY, counted by outcome and by type."""
    values = [message(event_type=f"t{number % 2}") for number in range(10)]
    write_result = bench.write(*values)
    assert stored(write_result) == 10
    assert not write_result.transactions[0].was_staged
    assert write_result.next_offsets == {0: 10}
    assert counts(bench, tenant_of(values[0])) == {"stored": 10}
    types = bench.query(
        "SELECT event_type, sum(n) FROM event_counts_hourly WHERE tenant_id = %s GROUP BY 1 ORDER BY 1",
        tenant_of(values[0]),
    )
    assert [(name, int(n)) for name, n in types] == [("t0", 5), ("t1", 5)]


def test_row_is_what_was_sent(bench: Bench, message: MakeMessage) -> None:
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


def test_redelivered_changes_nothing(bench: Bench, message: MakeMessage) -> None:
    """The same records again, after a rewind, add no row and no count, dead letters and duplicates included."""
    first = message()
    values = [first, again(first), b'{"broken"', message(schema_version=9)]
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
    assert counts(bench, tenant_of(first)) == {"stored": 1, "duplicate": 1, "dead": 1}


@pytest.mark.parametrize("is_same_batch", [True, False])
def test_duplicate_is_noted_with_its_first(bench: Bench, message: MakeMessage, *, is_same_batch: bool) -> None:
    """Another request with the same key and content adds no row; its id leads to the stored one's."""
    first = message(payload={"b": 1.0, "a": [1, {}]}, x=1)
    second = json.loads(again(first))
    # The same value, written otherwise.
    second["event"]["payload"] = {"a": [1, {}], "b": 1}
    if is_same_batch:
        bench.write(first, json.dumps(second).encode())
    else:
        bench.write(first)
        bench.write(json.dumps(second).encode(), start=1)
    noted = bench.query("SELECT id, first_id FROM duplicate_requests WHERE tenant_id = %s", tenant_of(first))
    ids = [json.loads(one)["request_id"].removeprefix("req_") for one in (json.dumps(second), first)]
    assert [[str(value) for value in row] for row in noted] == [ids]
    assert counts(bench, tenant_of(first)) == {"stored": 1, "duplicate": 1}


@pytest.mark.parametrize(
    "change",
    [
        {"payload": {"a": 2}},
        {"event_id": "f"},
        {"event_type": "u"},
        {"extra": None},
        {"occurred_at": "2026-01-01T00:00:00.000001Z"},
    ],
)
def test_key_with_other_content_is_dead(bench: Bench, message: MakeMessage, change: dict[str, Any]) -> None:
    """A key used again for something else was acknowledged, so it becomes a dead letter, whatever differs."""
    first = message(wrapper_idempotency_key="the-key")
    other = json.loads(again(first))
    other["event"] |= change
    bench.write(first, json.dumps(other).encode(), message())
    code, reason, key, original = bench.query(
        "SELECT code, reason, idempotency_key, original_bytes FROM dlq_events WHERE tenant_id = %s", tenant_of(first)
    )[0]
    assert code == "IDEMPOTENCY_KEY_REUSED"
    assert json.loads(first)["request_id"] in reason
    assert key == "the-key"
    assert original == json.dumps(other).encode()
    assert counts(bench, tenant_of(first)) == {"stored": 2, "dead": 1}


def test_same_key_next_day_is_another_event(bench: Bench, message: MakeMessage) -> None:
    """The store judges within one UTC day; redelivery across its end changes nothing."""
    midnight = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    values = [message(wrapper_idempotency_key="k", received_at=midnight + timedelta(seconds=step)) for step in (-1, 1)]
    assert stored(bench.write(*values)) == 2
    bench.connection.execute("UPDATE consumer_progress SET next_offset = 0 WHERE topic_id = %s", [bench.topic_id])
    assert stored(bench.write(*values)) == 0
    assert counts(bench, tenant_of(values[0])) == {"stored": 2}


def test_copy_of_a_request_counts_once(bench: Bench, message: MakeMessage) -> None:
    """Two copies of one record, as a producer's retry makes them, are one row and no duplicate."""
    value = message()
    bench.write(value, value)
    assert counts(bench, tenant_of(value)) == {"stored": 1}


def test_value_that_postgres_refuses_is_set_aside(bench: Bench, message: MakeMessage) -> None:
    """What validation let through and jsonb does not take is dead in the same pass; what is there is told apart."""
    first = message()
    bench.write(first)
    batch = bench.batch(first, message(payload={"a": "?"}), message(), start=1)
    refused = batch.outcomes[1]
    assert isinstance(refused, Storable)
    row = msgspec.structs.replace(refused.row, payload=rb'{"a": "\u0000"}')
    write_result = bench.writer.write(replace(batch, outcomes=(batch.outcomes[0], Storable(row), batch.outcomes[2])))
    assert counts(bench, tenant_of(first)) == {"stored": 2, "dead": 1}
    assert write_result.splits == 0
    reason = bench.one("SELECT reason FROM dlq_events WHERE source_topic_id = %s", bench.topic_id)
    assert reason.startswith("UNSTORABLE: Postgres refuses it: ")


def test_repeats_come_in_swarms(bench: Bench, message: MakeMessage) -> None:
    """After one, batches go the careful way at once, until so many had none."""
    first = message()
    bench.write(first)
    write_result = [bench.write(first, start=1), bench.write(message(), start=2), bench.write(first, start=3)]
    write_result += [bench.write(message(), start=4 + number) for number in range(STAGED_BATCHES + 1)]
    was_staged = [one.transactions[0].was_staged for one in write_result]
    assert was_staged == [True] * (3 + STAGED_BATCHES) + [False]


def test_foreign_request_id_is_dead(bench: Bench, message: MakeMessage) -> None:
    """A request id that belongs to a row with another key can be no row, and must not vanish."""
    first = message()
    thief = json.loads(first) | {"idempotency_key": "another"}
    bench.write(first, json.dumps(thief).encode())
    assert counts(bench, tenant_of(first)) == {"stored": 1, "dead": 1}


def test_fenced_partition_is_dropped_and_reported(bench: Bench, message: MakeMessage) -> None:
    """Records of a partition that stands elsewhere are not stored; those of the others in the batch are."""
    bench.connection.execute(
        "UPDATE consumer_progress SET next_offset = 7 WHERE topic_id = %s AND partition = 1", [bench.topic_id]
    )
    ours, theirs = bench.batch(message()), bench.batch(message(), partition=1)
    both = type(ours)(
        bench.topic_id, ours.records + theirs.records, ours.outcomes + theirs.outcomes, ours.spans | theirs.spans
    )
    write_result = bench.writer.write(both)
    assert (write_result.next_offsets, write_result.mismatched, stored(write_result)) == ({0: 1}, {1}, 1)
    assert (
        bench.one("SELECT next_offset FROM consumer_progress WHERE topic_id = %s AND partition = 1", bench.topic_id)
        == 7
    )


def test_batch_that_is_through_already_is_done(bench: Bench, message: MakeMessage) -> None:
    """Our own commit, whose answer was lost: nothing happens twice, and nothing has to be looked up."""
    values = [message(), message()]
    bench.write(*values)
    write_result = bench.write(*values)
    assert (write_result.next_offsets, write_result.mismatched, write_result.transactions) == ({0: 2}, set(), [])
    assert counts(bench, tenant_of(values[0])) == {"stored": 2}


def test_row_that_postgres_refuses_is_dead_alone(bench: Bench, message: MakeMessage) -> None:
    """499 of 500 are stored in the same pass; the one that is refused alone, while a good row is taken, is dead."""
    bench.connection.execute("ALTER TABLE events ADD CONSTRAINT refuse CHECK (event_type <> 'refused')")
    try:
        values = [message(event_type="refused" if number == 321 else "fine") for number in range(500)]
        write_result = bench.write(*values)
    finally:
        bench.connection.execute("ALTER TABLE events DROP CONSTRAINT refuse")
    assert stored(write_result) == 499
    assert write_result.next_offsets == {0: 500}
    assert counts(bench, tenant_of(values[0])) == {"stored": 499, "dead": 1}
    code, offset = bench.query("SELECT code, source_offset FROM dlq_events WHERE tenant_id = %s", tenant_of(values[0]))[
        0
    ]
    assert (code, offset) == ("UNSTORABLE", 321)


def test_no_row_is_dead_while_every_row_is_refused(bench: Bench, message: MakeMessage) -> None:
    """A table that takes nothing is an outage, not a bad event: nothing becomes a dead letter."""
    bench.connection.execute("ALTER TABLE events ADD CONSTRAINT refuse CHECK (false) NOT VALID")
    value = message()
    try:
        with pytest.raises(UnavailableError, match="even a good row"):
            bench.write(value)
    finally:
        bench.connection.execute("ALTER TABLE events DROP CONSTRAINT refuse")
    assert counts(bench, tenant_of(value)) == {}
    assert stored(bench.write(value)) == 1


def test_types_are_bounded(bench: Bench, message: MakeMessage) -> None:
    """At most 200 types of a tenant and hour are counted by name, the rest together; no event is uncounted.

    The rest has a name that no type can have.
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


def test_dropped_day_is_made_again(bench: Bench, message: MakeMessage) -> None:
    """A day's table that vanished under the writer is made anew, and the batch stored."""
    long_ago = datetime.now(UTC) - timedelta(days=20)
    bench.write(message(received_at=long_ago))
    bench.connection.execute(f"DROP TABLE events_{long_ago:%Y_%m_%d}")
    assert stored(bench.write(message(received_at=long_ago), start=1)) == 1


@pytest.mark.parametrize(
    ("first_epoch", "second_epoch", "value", "letters"),
    [(0, 0, b"[1]", 1), (0, 2, b"[1]", 2), (-1, 2, b"[1]", 1), (2, -1, b"[1]", 1), (-1, 2, b"[2]", 2)],
)
def test_dead_letter_is_known_by_its_leader_epoch(
    bench: Bench, first_epoch: int, second_epoch: int, value: bytes, letters: int
) -> None:
    """Of another epoch it is another record, at an offset that Kafka used twice: it is kept, and counted.

    Where an epoch is not known, as of all letters from before epochs were kept, the bytes tell.
    """
    before = counts(bench, "").get("dead", 0)
    for epoch, letter in ((first_epoch, b"[1]"), (second_epoch, value)):
        batch = bench.batch(letter)
        bench.writer.write(replace(batch, records=(msgspec.structs.replace(batch.records[0], leader_epoch=epoch),)))
        bench.connection.execute("UPDATE consumer_progress SET next_offset = 0 WHERE topic_id = %s", [bench.topic_id])
    kept = bench.query(
        "SELECT source_leader_epoch, original_bytes FROM dlq_events WHERE source_topic_id = %s ORDER BY id",
        bench.topic_id,
    )
    assert kept == [(first_epoch, b"[1]"), (second_epoch, value)][:letters]
    assert counts(bench, "")["dead"] == before + letters


def test_a_batch_that_is_too_slow_is_halved(bench: Bench, message: MakeMessage) -> None:
    """Postgres ends the statement: fewer rows are quick enough, and each is stored and counted once.

    The next batch begins with about as many; a single row that is too slow is waited for like an outage.
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
        assert (stored(write_result), write_result.splits >= 1, write_result.next_offsets) == (40, True, {0: 40})
        assert counts(bench, tenant_of(values[0])) == {"stored": 40}
        next_one = bench.write(*(message(payload={"seconds": 0.1}) for _ in range(40)), start=40)
        assert (stored(next_one), len(next_one.transactions) > 1, next_one.splits) == (40, True, 0)
        with pytest.raises(psycopg.errors.QueryCanceled):
            bench.write(message(payload={"seconds": 60}), start=80)
    finally:
        bench.connection.execute("SET statement_timeout = '30s'")
        bench.connection.execute("DROP FUNCTION slowly CASCADE")


def test_half_a_batch_has_its_own_epoch(bench: Bench) -> None:
    """Each half leaves the epoch of its last record."""
    batch = bench.batch(b"1", b"2", b"3", b"4")
    records = tuple(msgspec.structs.replace(record, leader_epoch=record.offset) for record in batch.records)
    spans = {0: msgspec.structs.replace(batch.spans[0], leader_epoch=3)}
    first, second = replace(batch, records=records, spans=spans).halves()
    assert [half.spans[0].leader_epoch for half in (first, second)] == [1, 3]


def test_dead_letter_keeps_bytes_key_and_headers(bench: Bench) -> None:
    """Original, key and headers are kept, for a message without value too."""
    bench.write(b"\x00\xff", None)
    rows = bench.query(
        "SELECT original_bytes, record_key, headers FROM dlq_events WHERE source_topic_id = %s ORDER BY source_offset",
        bench.topic_id,
    )
    assert rows == [(b"\x00\xff", b"key", [["h", "AA=="]]), (None, b"key", [["h", "AA=="]])]
