"""What the fixtures promise to all other tests."""

import logging
import os
import socket
import subprocess
import sys
import time
from pathlib import Path

import psutil
import psycopg
import pytest
from redis import Redis
from tests.fixtures.brokerless_kafka import BrokerlessKafka
from tests.fixtures.error_watch import ErrorWatch, ExpectErrors
from tests.fixtures.processes import has_ended
from tests.fixtures.proxy import MakeProxy
from tests.fixtures.raw_topic import RawTopic
from tests.fixtures.servers import RunningServers
from tests.fixtures.waiting import DEADLINE_SECONDS, eventually

from event_platform.core.connections import kafka
from event_platform.core.connections.replaceable_client import finds_brokers
from event_platform.core.settings.model import Settings


def test_the_environment_is_complete(environment: dict[str, str], settings: Settings) -> None:
    """Topics exist, and the schema is there."""
    topics = kafka.admin_client(settings).list_topics(timeout=DEADLINE_SECONDS).topics
    assert {environment["TOPIC_RAW"], environment["TOPIC_DLQ"]} <= set(topics)
    with psycopg.connect(environment["DATABASE_URL"]) as connection:
        assert connection.execute("SELECT to_regclass('events') IS NOT NULL").fetchone() == (True,)


def test_the_redis_database_is_the_modules_own(environment: dict[str, str]) -> None:
    """No other module's keys are in it."""
    with Redis.from_url(environment["REDIS_URL"]) as client:
        assert client.dbsize() == 0
    assert not environment["REDIS_URL"].endswith("/0")


def test_the_proxy_passes_cuts_and_recovers(servers: RunningServers, proxy: MakeProxy) -> None:
    """While cut, connections break and new ones are refused; healed, they work."""
    made = proxy(servers.redis_url)
    with Redis.from_url(made.url) as client:
        assert client.ping()
    made.cut()
    with socket.socket() as refused:
        assert refused.connect_ex(("127.0.0.1", made.port)) != 0
    made.heal()
    with Redis.from_url(made.url) as client:
        assert client.ping()


def test_the_proxy_delays(servers: RunningServers, proxy: MakeProxy) -> None:
    """Request and reply are each held back."""
    made = proxy(servers.redis_url)
    with Redis.from_url(made.url) as client:
        client.ping()
        made.delay(0.2)
        started = time.monotonic()
        client.ping()
    assert time.monotonic() - started >= 0.4


def test_swallowed_replies_still_take_effect(servers: RunningServers, proxy: MakeProxy) -> None:
    """The server did what the client never heard of."""
    made = proxy(servers.redis_url)
    with (
        Redis.from_url(servers.redis_url) as direct,
        socket.create_connection(("127.0.0.1", made.port), DEADLINE_SECONDS) as client,
    ):
        client.sendall(f"AUTH {servers.local.redis.password}\r\n".encode())
        assert client.recv(100) == b"+OK\r\n"
        made.swallow_replies()
        client.sendall(b"SET swallowed yes\r\n")
        eventually(lambda: direct.get("swallowed") == b"yes", "the effect")
        client.settimeout(0.3)
        with pytest.raises(TimeoutError):
            client.recv(100)


def test_errors_are_noticed(error_watch: ErrorWatch) -> None:
    """An ERROR of this process is found, so that a test which does not expect it fails."""
    logging.getLogger("anything").error("went wrong")
    assert error_watch.new_errors() == ["went wrong"]


def test_expected_errors_pass(expect_errors: ExpectErrors) -> None:
    """What a test announces does not fail it."""
    expect_errors("on purpose")
    logging.getLogger("anything").error("went wrong on purpose")


_A_RUN_OF_TESTS = """
import os, subprocess, sys, time
from pathlib import Path
from tests.fixtures.guard import Guard

guard, home = Guard(), sys.argv[1]
guard.watch(Path(home))
command = [sys.executable, "-c", "import time; time.sleep(600)"]
service = subprocess.Popen(command, start_new_session=True)
server = subprocess.Popen(command, start_new_session=True, env={"EVENT_PLATFORM_HOME": home})
print(service.pid, server.pid, flush=True)
time.sleep(600)
"""


def test_what_tests_started_ends_with_them(tmp_path: Path) -> None:
    """A run that is killed leaves neither services nor servers behind, which would slow down the next."""
    command = [sys.executable, "-c", _A_RUN_OF_TESTS, str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=os.environ | {"PYTHONPATH": "."}) as run:
        assert run.stdout
        started = [psutil.Process(int(pid)) for pid in run.stdout.readline().split()]
        assert len(started) == 2
        run.kill()
    eventually(lambda: all(map(has_ended, started)), "the end of what it started")


def test_clients_of_tests_outlast_their_loss(settings: Settings, brokerless_kafka: BrokerlessKafka) -> None:
    """Clients of the tests survive a Kafka that named no broker for a moment."""
    raw_topic = RawTopic(settings.model_copy(update={"kafka_brokers": brokerless_kafka.brokers}))
    raw_topic.send_good(1)
    assert raw_topic.topic.partitions()
    with brokerless_kafka.losing("tests", "event-platform-admin"):
        for _ in range(10):
            for client in (raw_topic._producer._producer, raw_topic._topic._admin):  # noqa: SLF001 - to have them ask
                finds_brokers(client.current, settings.topic_raw, 0.2)
    raw_topic.send_good(1)
    eventually(lambda: not raw_topic.is_processed() and raw_topic.topic.id(), "an answer")
