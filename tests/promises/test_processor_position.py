"""P2, P5: the offsets in Postgres alone decide what is read next, whatever happened to the topic or the database."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import uuid4

import httpx
import psycopg
import pytest
from confluent_kafka import Producer, TopicPartition
from confluent_kafka.admin import AdminClient
from tests.fixtures.error_watch import ExpectErrors
from tests.fixtures.raw_topic import RawTopic
from tests.fixtures.rewind_command import Rewind
from tests.fixtures.servers import RunningServers
from tests.fixtures.services import RunService, Service
from tests.fixtures.waiting import DEADLINE_SECONDS, eventually

from event_platform.core.connections import kafka

pytestmark = pytest.mark.usefixtures("loud_outages")


@pytest.fixture
def admin(raw_topic: RawTopic) -> AdminClient:
    """An administrative client."""
    return kafka.admin_client(raw_topic.settings)


def test_restored_older_database_is_filled_from_kafka(
    raw_topic: RawTopic, run_service: RunService, servers: RunningServers
) -> None:
    """A database restored to an earlier state gets the events since then from Kafka, while the processor runs."""
    processor = run_service("processor")
    raw_topic.send_good(200)
    raw_topic.send(b"rubbish")
    raw_topic.await_processed()
    with put_back(servers, str(raw_topic.one("SELECT current_database()"))):
        raw_topic.send(*(raw_topic.message() for _ in range(200)), b"more rubbish")
        raw_topic.await_processed()
    raw_topic.await_processed()
    raw_topic.assert_balanced()
    processor.wait_until_ready()


@contextmanager
def put_back(servers: RunningServers, name: str) -> Iterator[None]:
    """Restore the database to its present state on exit."""
    with psycopg.connect(servers.database_url, autocommit=True) as connection:
        _retry(connection, f"CREATE DATABASE {name}_old TEMPLATE {name} OWNER ep_user", name)
        yield
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())
        connection.execute(f"ALTER DATABASE {name}_old RENAME TO {name}".encode())


def _terminate(connection: psycopg.Connection, name: str) -> None:
    connection.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [name])


def _retry(connection: psycopg.Connection, statement: str, name: str) -> None:
    """Retry, because a database can be copied only without sessions, and the processor reconnects."""

    def copied() -> bool:
        _terminate(connection, name)
        try:
            connection.execute(statement.encode())
        except psycopg.errors.ObjectInUse:
            return False
        return True

    eventually(copied, "copying the database")


def test_records_dropped_by_retention_are_recorded_as_a_gap(
    raw_topic: RawTopic, run_service: RunService, admin: AdminClient, expect_errors: ExpectErrors
) -> None:
    """Records that Kafka dropped before they were read are logged and recorded as a gap; later ones are stored."""
    expect_errors("events lost")
    raw_topic.send(*(raw_topic.message() for _ in range(20)), partition=2)
    first = run_service("processor")
    raw_topic.await_processed()
    first.stop()
    raw_topic.query("UPDATE consumer_progress SET next_offset = 0 WHERE partition = 2 RETURNING 1")
    end = raw_topic.topic.watermarks([2])[2].high
    where = TopicPartition(raw_topic.settings.topic_raw, 2, end - 5)
    admin.delete_records([where], request_timeout=DEADLINE_SECONDS)[where].result(DEADLINE_SECONDS)
    run_service("processor")
    raw_topic.await_processed()
    assert raw_topic.query("SELECT from_offset, to_offset FROM progress_gaps") == [(0, end - 5)]


def test_offsets_without_records_are_no_lag(
    raw_topic: RawTopic, run_service: RunService, servers: RunningServers
) -> None:
    """Markers and aborted records of transactions take offsets, but are no lag: neither to the processor nor to admin.

    Nor are they taken for a truncated log where another leader wrote them than the last event.
    """
    processor, admin = run_service("processor"), run_service("admin")
    with transaction(raw_topic) as producer:
        sent = [raw_topic.message() for _ in range(2)]
        for value in sent:
            producer.produce(raw_topic.settings.topic_raw, value, partition=1)
    for value in sent:
        raw_topic.await_row(value)
    raw_topic.await_processed()
    servers.kill("kafka")
    servers.start("kafka")
    with transaction(raw_topic, is_committed=False) as producer:
        producer.produce(raw_topic.settings.topic_raw, aborted := raw_topic.message(), partition=1)
        producer.flush(DEADLINE_SECONDS)
    raw_topic.await_processed()
    assert raw_topic.query("SELECT FROM events WHERE id = %s", json.loads(aborted)["request_id"][4:]) == []
    processor.stop()
    again = run_service("processor")
    eventually(lambda: admin.get("/admin/kafka/lag").json()["total"] == 0, "no lag")
    eventually(lambda: again.health()["oldest_unprocessed_seconds"] is None, "nothing that waits")
    (last,) = raw_topic.send(raw_topic.message(), partition=1)
    raw_topic.await_row(last.value or b"")
    assert _stopped(again) == set()


@contextmanager
def transaction(raw_topic: RawTopic, *, is_committed: bool = True) -> Iterator[Producer]:
    """A producer inside a transaction that is committed, or aborted, on exit."""
    name = f"{raw_topic.settings.topic_raw}.{uuid4()}"
    producer = Producer({**kafka.client_config(raw_topic.settings, "tests"), "transactional.id": name})
    producer.init_transactions(DEADLINE_SECONDS)
    producer.begin_transaction()
    yield producer
    (producer.commit_transaction if is_committed else producer.abort_transaction)(DEADLINE_SECONDS)


def test_offset_beyond_the_end_stops_the_partition_until_a_rewind(
    raw_topic: RawTopic, run_service: RunService, rewind: Rewind, expect_errors: ExpectErrors
) -> None:
    """An offset beyond the end stops that partition only; health gives the command that mends it."""
    expect_errors("partition stopped")
    raw_topic.send(raw_topic.message(), partition=4)
    first = run_service("processor")
    raw_topic.await_processed()
    end = raw_topic.topic.watermarks([4])[4].high
    raw_topic.query("UPDATE consumer_progress SET next_offset = 1000000 WHERE partition = 4 RETURNING 1")
    second = run_service("processor", wait_until_ready=False)
    raw_topic.send(raw_topic.message(), partition=4)
    eventually(lambda: _stopped(first) | _stopped(second), "a stopped partition")
    (good,) = raw_topic.send(raw_topic.message(), partition=3)
    assert good.value
    raw_topic.await_row(good.value)
    said = rewind("--partition", "4", "--to", str(end))
    assert "999999" in said or "events are read again" in said
    raw_topic.await_processed()


def _stopped(processor: Service) -> set[str]:
    return set(_report(processor).get("stopped_partitions", ()))


def _partitions(processor: Service) -> list[int]:
    return list(_report(processor).get("partitions", ()))


def _report(processor: Service) -> dict[str, Any]:
    try:
        return processor.health()
    except (httpx.TransportError, ValueError):
        return {}


@pytest.mark.long
def test_stopped_partition_stays_stopped_through_a_rebalance(
    raw_topic: RawTopic, run_service: RunService, rewind: Rewind, expect_errors: ExpectErrors
) -> None:
    """A partition that is assigned again after a slow rebalance is still reported as stopped."""
    expect_errors("partition stopped")
    raw_topic.send(raw_topic.message(), partition=0)
    run_service("processor").stop()
    raw_topic.query("UPDATE consumer_progress SET next_offset = 1000000 WHERE partition = 0 RETURNING 1")
    first = run_service("processor", wait_until_ready=False)
    eventually(lambda: _stopped(first) == {"0"}, "a stopped partition")
    second = run_service("processor", wait_until_ready=False)
    eventually(lambda: _partitions(second), "the second's partitions")
    # The group waits for the second, which does not answer, before it assigns anything.
    second.freeze()
    third = run_service("processor", wait_until_ready=False)
    eventually(lambda: not _stopped(first), "the partition being taken away")
    eventually(lambda: _partitions(third), "the third's partitions")
    second.thaw()
    eventually(lambda: _stopped(first) == {"0"}, "the partition being red again")
    end = raw_topic.topic.watermarks([0])[0].high
    rewind("--partition", "0", "--to", str(end))
    raw_topic.await_processed()


def test_rewind_reads_again_without_counting_twice(
    raw_topic: RawTopic, run_service: RunService, rewind: Rewind
) -> None:
    """A dry run tells how many records it would read again; the real one reads them, and nothing counts twice.

    A time before 1970, where Kafka's timestamps begin, is before every record.
    """
    run_service("processor")
    raw_topic.send(*(raw_topic.message() for _ in range(40)), b"rubbish", partition=5)
    raw_topic.await_processed()
    mark = raw_topic.topic.watermarks([5])[5]
    end, low = mark.high, mark.high - 41
    before = raw_topic.query("SELECT outcome, sum(n) FROM throughput GROUP BY 1 ORDER BY 1")
    said = rewind("--partition", "5", "--to", str(low), "--dry-run")
    assert said.endswith("41 events are read again")
    assert (
        raw_topic.one(
            "SELECT next_offset FROM consumer_progress WHERE partition = 5 AND topic_id = %s", raw_topic.topic.id()
        )
        == end
    )
    for time in ("1969-12-31T23:59:59.999Z", "0001-01-01T00:00:00Z"):
        said = rewind("--partition", "5", "--to", time, "--dry-run")
        assert said.endswith(f" {end - mark.low} events are read again")
    rewind("--partition", "5", "--to", "2020-01-01T00:00:00Z")
    raw_topic.await_processed()
    after = raw_topic.query("SELECT outcome, sum(n) FROM throughput GROUP BY 1 ORDER BY 1")
    assert after == before


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (("--partition", "99", "--to", "0"), "has no partition 99"),
        (("--partition", "0", "--to", "soon"), "expected an offset, or a time like"),
        (("--partition", "0", "--to", "99999999"), "holds offsets"),
    ],
)
def test_rewind_refuses_impossible_targets(rewind: Rewind, arguments: tuple[str, ...], expected: str) -> None:
    """An impossible target is refused with what to give instead."""
    assert expected in rewind(*arguments)
