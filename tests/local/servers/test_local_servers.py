"""The local servers, as the fixtures of all tests use them."""

import psutil
import psycopg
import pytest
from confluent_kafka.admin import AdminClient
from redis import Redis
from tests.fixtures.servers import RunningServers
from tests.fixtures.waiting import DEADLINE_SECONDS


def test_the_service_role_is_not_a_superuser(servers: RunningServers) -> None:
    """The services cannot reach beyond their own database."""
    with psycopg.connect(servers.local.postgres.url) as connection:
        row = connection.execute("SELECT rolsuper, rolcreatedb FROM pg_roles WHERE rolname = current_user").fetchone()
    assert row == (False, False)


def test_the_reader_cannot_write(servers: RunningServers) -> None:
    """The admin API's role reads everything and changes nothing."""
    with psycopg.connect(servers.local.postgres.reader_url) as connection, pytest.raises(psycopg.errors.Error):
        connection.execute("CREATE TABLE public.mine (a int)")


def test_redis_keeps_its_data_when_killed(servers: RunningServers) -> None:
    """The append-only file restores its keys."""
    with Redis.from_url(servers.redis_url) as client:
        client.set("kept", "yes")
        assert client.waitaof(1, 0, int(DEADLINE_SECONDS * 1_000)) == [1, 0]
        servers.kill("redis")
        servers.start("redis")
        assert client.get("kept") == b"yes"


def test_kafka_creates_no_topic_by_accident(servers: RunningServers) -> None:
    """Asking for a topic that does not exist does not create it."""
    client = AdminClient({"bootstrap.servers": servers.kafka_brokers})
    client.list_topics("misspelt", timeout=DEADLINE_SECONDS)
    assert "misspelt" not in client.list_topics(timeout=DEADLINE_SECONDS).topics


def test_kafka_restarts_after_sigkill(servers: RunningServers) -> None:
    """On its old port with its old data."""
    servers.kill("kafka")
    servers.start("kafka")
    assert AdminClient({"bootstrap.servers": servers.kafka_brokers}).list_topics(timeout=DEADLINE_SECONDS).brokers


def test_a_paused_postgres_answers_again_after_resume(servers: RunningServers) -> None:
    """SIGSTOP reaches existing sessions, too."""
    with psycopg.connect(servers.database_url) as connection:
        connection.execute("SET statement_timeout = 0")
        servers.pause("postgres")
        first = psutil.Process(servers.pid("postgres"))
        states = {each.pid: each.status() for each in (first, *first.children())}
        servers.resume("postgres")
        # One that had just ended waits for its parent, which is stopped.
        assert set(states.values()) <= {psutil.STATUS_STOPPED, psutil.STATUS_ZOMBIE}
        assert states[connection.info.backend_pid] == states[first.pid] == psutil.STATUS_STOPPED
        assert connection.execute("SELECT 1").fetchone() == (1,)
