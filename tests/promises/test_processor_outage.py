"""P4: an outage never makes a good event a dead letter, and loses none."""

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

import httpx
import psycopg
import pytest
from confluent_kafka.admin import AdminClient
from tests.fixtures.error_watch import ExpectErrors
from tests.fixtures.proxy import MakeProxy, Proxy
from tests.fixtures.raw_topic import RawTopic, await_true
from tests.fixtures.servers import RunningServers
from tests.fixtures.services import RunService, Service

from event_platform.core import kafka, topics
from event_platform.core.settings import Settings
from event_platform.core.settings import load as load_settings


def health(service: Service) -> dict[str, object]:
    """What ``/health`` says, whatever its status."""
    return dict(httpx.get(f"{service.url}/health", timeout=5).json())


def assert_healed(raw_topic: RawTopic, service: Service, timeout_seconds: float = 60) -> None:
    """All is processed, none is dead, the counts are right, readiness is back."""
    raw_topic.await_processed(timeout_seconds)
    assert raw_topic.one("SELECT count(*) FROM dlq_events") == 0
    raw_topic.assert_balanced()
    await_true(service.is_ready, 20, "readiness")


@pytest.fixture
def superuser(servers: RunningServers, environment: dict[str, str]) -> Iterator[psycopg.Connection]:
    """A superuser's connection to the module's database."""
    name = environment["DATABASE_URL"].rsplit("/", 1)[1]
    with psycopg.connect(servers.database_url.rsplit("/", 1)[0] + f"/{name}", autocommit=True) as connection:
        yield connection


@contextmanager
def sending(raw_topic: RawTopic) -> Iterator[None]:
    """Good events all the while."""
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
def test_postgres_away_under_load(
    servers: RunningServers, raw_topic: RawTopic, run_service: RunService, expect_errors: ExpectErrors
) -> None:
    """Postgres is killed under load and comes back a minute later: it heals alone, with nothing lost."""
    expect_errors("still waiting")
    processor = run_service("processor")
    with sending(raw_topic):
        time.sleep(1)
        servers.kill("postgres")
        await_true(lambda: not processor.is_ready(), what="red readiness")
        assert "postgres" in str(health(processor)["dependencies"])
        time.sleep(60)
        servers.start("postgres")
        time.sleep(1)
    assert_healed(raw_topic, processor)


def test_neither_server_there_at_the_start(
    servers: RunningServers, raw_topic: RawTopic, run_service: RunService, proxy: MakeProxy
) -> None:
    """It starts without Kafka and Postgres, says what it waits for, and heals when they come."""
    postgres, url = _through(proxy, raw_topic)
    broker_port = int(servers.kafka_brokers.rsplit(":", 1)[1])
    servers.pause("kafka")
    postgres.cut()
    processor = run_service("processor", DATABASE_URL=url, wait_until_ready=False)
    await_true(lambda: "waiting; nothing is lost" in processor.log(), what="saying so")
    assert not processor.is_ready()
    servers.resume("kafka")
    postgres.heal()
    processor.wait_until_ready(60)
    raw_topic.send_good(10)
    assert_healed(raw_topic, processor)
    assert broker_port


def test_a_worker_joins_while_postgres_is_away(raw_topic: RawTopic, run_service: RunService, proxy: MakeProxy) -> None:
    """Whoever waits for Postgres keeps some of its partitions, and goes on reading them when Postgres is back."""
    postgres, url = _through(proxy, raw_topic)
    first = run_service("processor", DATABASE_URL=url)
    with sending(raw_topic):
        await_true(lambda: raw_topic.one("SELECT count(*) FROM events") > 0, what="rows")
        postgres.cut()
        await_true(lambda: "waiting; nothing is lost" in first.log(), what="an attempt that failed")
        run_service("processor")
        postgres.heal()
    assert_healed(raw_topic, first)


def _through(proxy: MakeProxy, raw_topic: RawTopic) -> tuple[Proxy, str]:
    """A proxy in front of the module's database, and the URL that leads through it."""
    assert raw_topic.settings.database_url
    url = raw_topic.settings.database_url.get_secret_value()
    port = urlsplit(url).port or 5432
    made = proxy("127.0.0.1", port)
    return made, url.replace(f":{port}/", f":{made.port}/")


def test_answer_of_commit_is_lost(
    raw_topic: RawTopic, run_service: RunService, proxy: MakeProxy, superuser: psycopg.Connection
) -> None:
    """Postgres committed, but its answer never came: the batch is not stored again, and reading goes on."""
    postgres, url = _through(proxy, raw_topic)
    _make_commits_slow(superuser)
    try:
        # Before it starts, so that they come as one batch, whose COMMIT takes two seconds.
        raw_topic.send_good(100)
        processor = run_service("processor", wait_until_ready=False, DATABASE_URL=url)
        await_true(lambda: _is_committing(superuser), what="a COMMIT on its way")
        postgres.swallow_replies()
        before = raw_topic.one("SELECT count(*) FROM events")
        await_true(lambda: not _is_committing(superuser), what="the commit")
        assert raw_topic.one("SELECT count(*) FROM events") > before
        postgres.cut()
    finally:
        superuser.execute("DROP TRIGGER slow ON events; DROP FUNCTION slow()")
    assert "it works again" not in processor.log()
    postgres.heal()
    raw_topic.send_good(50)
    assert_healed(raw_topic, processor)


def _make_commits_slow(connection: psycopg.Connection) -> None:
    connection.execute(
        "CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN PERFORM pg_sleep(0.02); RETURN NULL; END$$"
    )
    connection.execute(
        "CREATE CONSTRAINT TRIGGER slow AFTER INSERT ON events DEFERRABLE INITIALLY DEFERRED "
        "FOR EACH ROW EXECUTE FUNCTION slow()"
    )


def _is_committing(connection: psycopg.Connection) -> bool:
    found = connection.execute(
        "SELECT 1 FROM pg_stat_activity "
        "WHERE query = 'COMMIT' AND wait_event = 'PgSleep' AND datname = current_database()"
    )
    return found.fetchone() is not None


@pytest.mark.parametrize("seconds", [3, pytest.param(60, marks=[pytest.mark.long, pytest.mark.timeout(300)])])
def test_kafka_away_under_load(
    servers: RunningServers, raw_topic: RawTopic, run_service: RunService, expect_errors: ExpectErrors, seconds: int
) -> None:
    """Kafka is killed and comes back: it heals alone."""
    expect_errors("still waiting")
    processor = run_service("processor")
    raw_topic.send_good(500)
    servers.kill("kafka")
    await_true(lambda: not processor.is_ready(), 30, "red readiness")
    time.sleep(seconds)
    servers.start("kafka")
    await_true(processor.is_ready, 60, "readiness")
    raw_topic.send_good(100)
    assert_healed(raw_topic, processor)


def test_dead_letter_topic_away(raw_topic: RawTopic, run_service: RunService, environment: dict[str, str]) -> None:
    """Without its topic a dead letter waits in the table; good events are stored all the same, and it follows later."""
    missing = f"{raw_topic.settings.topic_dlq}.later"
    processor = run_service("processor", TOPIC_DLQ=missing)
    raw_topic.send(b"rubbish", *(raw_topic.message() for _ in range(50)))
    raw_topic.await_processed()
    await_true(lambda: health(processor)["status"] == "degraded", 40, "degraded health")
    assert processor.is_ready()
    settings = load_settings(
        _env_file=None, **{name.lower(): value for name, value in (environment | {"TOPIC_DLQ": missing}).items()}
    )
    topics.create(_admin(settings), [topics.dlq_topic(settings)])
    await_true(
        lambda: raw_topic.one("SELECT count(*) FROM dlq_events WHERE published_at IS NULL") == 0, 40, "publishing"
    )
    later = RawTopic(settings)
    assert [json.loads(message.value() or b"")["original"] for message in later.dead_letters_published()] == ["rubbish"]
    await_true(lambda: health(processor)["status"] == "ok", 20, "good health")
    raw_topic.query("DELETE FROM dlq_events RETURNING 1")
    raw_topic.query("DELETE FROM throughput_hourly WHERE outcome = 'dead' RETURNING 1")


def _admin(settings: Settings) -> AdminClient:
    return kafka.admin_client(settings)


def test_sigterm_while_postgres_hangs(servers: RunningServers, raw_topic: RawTopic, run_service: RunService) -> None:
    """A Postgres that answers nothing any more does not keep the processor from ending within 5 s."""
    processor = run_service("processor")
    servers.pause("postgres")
    raw_topic.send_good(10)
    time.sleep(2)
    started = time.monotonic()
    processor.stop()
    assert time.monotonic() - started < 5
    servers.resume("postgres")


@pytest.mark.long
@pytest.mark.timeout(300)
def test_postgres_that_hangs_is_left(
    servers: RunningServers, raw_topic: RawTopic, run_service: RunService, expect_errors: ExpectErrors
) -> None:
    """A statement that is never answered is given up after 45 s, whatever the network says; then it heals."""
    expect_errors("still waiting")
    processor = run_service("processor")
    servers.pause("postgres")
    raw_topic.send_good(100)
    await_true(lambda: "not done after" in str(health(processor)["dependencies"]), 30, "the reason in its health")
    assert not processor.is_ready()
    await_true(lambda: "breaking the connection" in processor.log(), 70, "giving up the connection")
    servers.resume("postgres")
    assert_healed(raw_topic, processor)
