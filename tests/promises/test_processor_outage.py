"""P4: an outage never makes a good event a dead letter, and loses none."""

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
import pytest
from tests.fixtures.proxy import MakeProxy
from tests.fixtures.raw_topic import RawTopic
from tests.fixtures.servers import RunningServers
from tests.fixtures.services import RunService, Service
from tests.fixtures.timing import Promised
from tests.fixtures.waiting import eventually, let_pass

from event_platform.core import topics
from event_platform.core.connections import kafka
from event_platform.core.settings.loading import load as load_settings

pytestmark = pytest.mark.usefixtures("loud_outages")


def assert_healed(raw_topic: RawTopic, service: Service) -> None:
    """All events are stored, none is dead, the counts are right, and the processor is ready."""
    raw_topic.await_processed()
    assert raw_topic.one("SELECT count(*) FROM dlq_events") == 0
    raw_topic.assert_balanced()
    service.wait_until_ready()


@pytest.fixture
def superuser(servers: RunningServers, environment: dict[str, str]) -> Iterator[psycopg.Connection]:
    """A superuser's connection to the module's database."""
    name = environment["DATABASE_URL"].rsplit("/", 1)[1]
    with psycopg.connect(servers.database_url.rsplit("/", 1)[0] + f"/{name}", autocommit=True) as connection:
        yield connection


@contextmanager
def sending(raw_topic: RawTopic) -> Iterator[None]:
    """Send good events inside the context."""
    stop = threading.Event()

    def send() -> None:
        while not stop.wait(0.1):
            raw_topic.send_good(50)

    thread = threading.Thread(target=send)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


@pytest.mark.long
@pytest.mark.timeout(300)
def test_postgres_unavailable_under_load(servers: RunningServers, raw_topic: RawTopic, run_service: RunService) -> None:
    """Postgres is killed under load and starts a minute later: the processor recovers by itself, with nothing lost."""
    processor = run_service("processor")
    with sending(raw_topic):
        eventually(lambda: raw_topic.one("SELECT count(*) FROM events") > 0, "rows")
        servers.kill("postgres")
        eventually(lambda: not processor.is_ready(), "red readiness")
        assert "postgres" in str(processor.health()["dependencies"])
        let_pass(60)
        servers.start("postgres")
        processor.wait_until_ready()
    assert_healed(raw_topic, processor)


def test_both_servers_unavailable_at_start(
    servers: RunningServers,
    raw_topic: RawTopic,
    run_service: RunService,
    proxy: MakeProxy,
    environment: dict[str, str],
) -> None:
    """The processor starts without Kafka and Postgres, reports both, and recovers when they start."""
    postgres = proxy(environment["DATABASE_URL"])
    servers.pause("kafka")
    postgres.cut()
    processor = run_service("processor", DATABASE_URL=postgres.url, wait_until_ready=False)
    eventually(lambda: "unavailable; retrying" in processor.log(), "saying so")
    assert not processor.is_ready()
    servers.resume("kafka")
    postgres.heal()
    processor.wait_until_ready()
    raw_topic.send_good(10)
    assert_healed(raw_topic, processor)


def test_worker_joins_while_postgres_is_unavailable(
    raw_topic: RawTopic, run_service: RunService, proxy: MakeProxy, environment: dict[str, str]
) -> None:
    """A worker that retries Postgres through a rebalance keeps some partitions, and resumes them after the outage."""
    postgres = proxy(environment["DATABASE_URL"])
    first = run_service("processor", DATABASE_URL=postgres.url)
    with sending(raw_topic):
        eventually(lambda: raw_topic.one("SELECT count(*) FROM events") > 0, "rows")
        postgres.cut()
        eventually(lambda: "unavailable; retrying" in first.log(), "an attempt that failed")
        run_service("processor")
        postgres.heal()
    assert_healed(raw_topic, first)


def test_reply_to_commit_is_lost(
    raw_topic: RawTopic,
    run_service: RunService,
    proxy: MakeProxy,
    environment: dict[str, str],
    superuser: psycopg.Connection,
) -> None:
    """Postgres committed, but its reply was lost: the batch is not stored again, and later events are."""
    postgres = proxy(environment["DATABASE_URL"])
    processor = run_service("processor", DATABASE_URL=postgres.url)
    with _commits_held(superuser):
        raw_topic.send_good(100)
        eventually(lambda: _is_committing(superuser), "a COMMIT on its way")
        postgres.swallow_replies()
        before = raw_topic.one("SELECT count(*) FROM events")
    eventually(lambda: raw_topic.one("SELECT count(*) FROM events") > before, "the commit")
    postgres.cut()
    eventually(lambda: "unavailable; retrying" in processor.log(), "the loss of the answer")
    postgres.heal()
    raw_topic.send_good(50)
    assert_healed(raw_topic, processor)


@contextmanager
def _commits_held(superuser: psycopg.Connection) -> Iterator[None]:
    """Inside the context no COMMIT of new events ends: each waits for a lock of this session."""
    superuser.execute(
        "CREATE FUNCTION hold() RETURNS trigger LANGUAGE plpgsql SET lock_timeout = 0 "
        f"AS $$BEGIN PERFORM pg_advisory_xact_lock_shared({_HELD}); RETURN NULL; END$$"
    )
    superuser.execute(
        "CREATE CONSTRAINT TRIGGER hold AFTER INSERT ON events DEFERRABLE INITIALLY DEFERRED "
        "FOR EACH ROW EXECUTE FUNCTION hold()"
    )
    superuser.execute("SELECT pg_advisory_lock(%s)", [_HELD])
    try:
        yield
    finally:
        superuser.execute("SELECT pg_advisory_unlock(%s)", [_HELD])
        superuser.execute("DROP TRIGGER hold ON events; DROP FUNCTION hold()")


_HELD = 4711


def _is_committing(connection: psycopg.Connection) -> bool:
    found = connection.execute(
        "SELECT 1 FROM pg_stat_activity "
        "WHERE query = 'COMMIT' AND wait_event = 'advisory' AND datname = current_database()"
    )
    return found.fetchone() is not None


@pytest.mark.parametrize("seconds", [3, pytest.param(60, marks=[pytest.mark.long, pytest.mark.timeout(300)])])
def test_kafka_unavailable_under_load(
    servers: RunningServers, raw_topic: RawTopic, run_service: RunService, seconds: int
) -> None:
    """Kafka is killed and starts again: the processor recovers by itself."""
    processor = run_service("processor")
    raw_topic.send_good(500)
    servers.kill("kafka")
    eventually(lambda: not processor.is_ready(), "red readiness")
    let_pass(seconds)
    servers.start("kafka")
    processor.wait_until_ready()
    raw_topic.send_good(100)
    assert_healed(raw_topic, processor)


def test_dead_letter_topic_unavailable(
    raw_topic: RawTopic, run_service: RunService, environment: dict[str, str]
) -> None:
    """Without the topic a dead letter stays in the outbox and good events are stored; it is published later."""
    missing = f"{raw_topic.settings.topic_dlq}.later"
    processor = run_service("processor", TOPIC_DLQ=missing)
    raw_topic.send(b"rubbish", *(raw_topic.message() for _ in range(50)))
    try:
        raw_topic.await_processed()
        eventually(lambda: processor.health()["status"] == "degraded", "degraded health")
        # A processor that waited for the topic would store the batch with the dead letter, and nothing after it.
        raw_topic.send_good(50)
        raw_topic.await_processed()
        assert processor.is_ready()
        _make_topic(environment | {"TOPIC_DLQ": missing})
        eventually(lambda: _unpublished(raw_topic) == 0, "publishing")
        later = RawTopic(raw_topic.settings.model_copy(update={"topic_dlq": missing}))
        # Published again where a busy Kafka was slow to acknowledge it.
        originals = {json.loads(message.value() or b"")["original"] for message in later.dead_letters_published()}
        assert originals == {"rubbish"}
        eventually(lambda: processor.health()["status"] == "ok", "good health")
    finally:
        raw_topic.query("DELETE FROM dlq_events RETURNING 1")
        raw_topic.query("DELETE FROM throughput_hourly WHERE outcome = 'dead' RETURNING 1")


def _make_topic(environment: dict[str, str]) -> None:
    settings = load_settings(_env_file=None, **{name.lower(): value for name, value in environment.items()})
    topics.create(kafka.admin_client(settings), [topics.dlq_topic(settings)])


def _unpublished(raw_topic: RawTopic) -> int:
    return int(raw_topic.one("SELECT count(*) FROM dlq_events WHERE published_at IS NULL"))


@pytest.mark.timing
def test_sigterm_while_postgres_is_stuck(
    raw_topic: RawTopic, run_service: RunService, proxy: MakeProxy, environment: dict[str, str], promised: Promised
) -> None:
    """A Postgres that stopped answering does not keep the processor from ending within 5 s."""

    def seconds_to_end() -> float:
        postgres = proxy(environment["DATABASE_URL"])
        processor = run_service("processor", DATABASE_URL=postgres.url)
        postgres.swallow_replies()
        raw_topic.send_good(10)
        eventually(lambda: postgres.swallowed_bytes, "an answer that does not come")
        started = time.monotonic()
        assert processor.stop() == 0
        return time.monotonic() - started

    promised.within(5, seconds_to_end)


@pytest.mark.long
@pytest.mark.timeout(300)
def test_stuck_statement_is_given_up(servers: RunningServers, raw_topic: RawTopic, run_service: RunService) -> None:
    """A statement without an answer is given up after 45 s, although the connection stays open; then it recovers."""
    processor = run_service("processor")
    servers.pause("postgres")
    raw_topic.send_good(100)
    # A background task may be stuck first, which alone does not make the processor unready.
    eventually(
        lambda: "storing a batch: not done after" in str(processor.health()["error"]), "the reason in its health"
    )
    assert not processor.is_ready()
    eventually(lambda: "breaking the connection" in processor.log(), "giving up the connection")
    servers.resume("postgres")
    assert_healed(raw_topic, processor)
