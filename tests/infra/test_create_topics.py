"""`create-topics.sh` against the real Kafka, by Kafka's own tool."""

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from confluent_kafka.admin import AdminClient, ConfigResource, ResourceType
from tests.fixtures.servers import RunningServers
from tests.fixtures.waiting import DEADLINE_SECONDS, eventually

from event_platform.core import topic_limits, topics
from event_platform.core.connections.kafka import admin_client
from event_platform.core.settings.loading import load
from event_platform.local.servers import java, kafka_jars
from event_platform.local.state_dir import directory

SCRIPT = Path(__file__).parents[2] / "infra" / "kafka-init" / "create-topics.sh"

Run = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture(scope="module")
def tool(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A ``kafka-topics.sh`` as the image has it, over the jars and the Java of the local platform."""
    here = directory.locate(tmp_path_factory.mktemp("tool"))
    jars = os.pathsep.join(str(jar) for jar in kafka_jars.fetch(here.cache_directory(), print))
    script = here.home / "kafka-topics.sh"
    options = "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC"
    script.write_text(
        f'#!/bin/sh\nexec "{java.find_java(here)}" {options} -cp "{jars}" org.apache.kafka.tools.TopicCommand "$@"\n'
    )
    script.chmod(0o755)
    return script


@pytest.fixture(scope="module")
def run(tool: Path, servers: RunningServers) -> Run:
    """The script as compose starts it, with other settings where given."""

    def run(**settings: str) -> "subprocess.CompletedProcess[str]":
        environment = {
            "PATH": os.environ["PATH"],
            "KAFKA_TOPICS_TOOL": str(tool),
            "BOOTSTRAP_SERVER": servers.kafka_brokers,
            **settings,
        }
        return subprocess.run(
            ("bash", SCRIPT), env=environment, capture_output=True, text=True, check=False, timeout=120
        )

    return run


@pytest.fixture(scope="module")
def admin(servers: RunningServers) -> AdminClient:
    """An administrative client of the same broker."""
    return admin_client(load(_env_file=None, kafka_brokers=servers.kafka_brokers))


def configuration(admin: AdminClient, topic: str) -> dict[str, str]:
    """The topic's configuration as the broker has it."""
    resource = ConfigResource(ResourceType.TOPIC, topic)
    entries = admin.describe_configs([resource])[resource].result()
    return {name: entry.value for name, entry in entries.items()}


PLAIN = {"TOPIC_RAW": "plain.raw", "TOPIC_DLQ": "plain.dlq"}
OTHER = {
    "TOPIC_RAW": "other.raw",
    "TOPIC_DLQ": "other.dlq",
    "MAX_EVENT_BYTES": "3000000",
    "RETENTION_DAYS": "3",
    "DLQ_RETENTION_DAYS": "9",
}


@pytest.fixture(scope="module")
def made(run: Run, admin: AdminClient) -> None:
    """The topics of both settings, known to the broker."""
    for given in (PLAIN, OTHER):
        done = run(**given)
        assert done.returncode == 0, done.stderr
    names = {given[name] for given in (PLAIN, OTHER) for name in ("TOPIC_RAW", "TOPIC_DLQ")}
    eventually(lambda: names <= admin.list_topics(timeout=DEADLINE_SECONDS).topics.keys(), "the topics")


@pytest.mark.usefixtures("made")
@pytest.mark.parametrize("given", [PLAIN, OTHER], ids=["plain", "other"])
def test_makes_the_topics_that_our_code_makes(given: dict[str, str], admin: AdminClient) -> None:
    """Script and `event-platform topics` agree on names, partitions, retention and sizes, and the services start."""
    settings = load(_env_file=None, **{key.lower(): value for key, value in given.items()})
    found = admin.list_topics(timeout=DEADLINE_SECONDS).topics
    for wanted in (topics.raw_topic(settings), topics.dlq_topic(settings)):
        there = configuration(admin, wanted.name)
        assert len(found[wanted.name].partitions) == wanted.partitions
        assert there["retention.ms"] == str(wanted.retention_ms)
        assert there["segment.ms"] == str(topics.SEGMENT_MS)
        assert there[topics.TIMESTAMP_TYPE] == topics.LOG_APPEND_TIME
        assert there["max.message.bytes"] == str(wanted.max_message_bytes)
        assert there["min.insync.replicas"] == "1"
    topic_limits.check_topic_limits(admin, settings)


@pytest.mark.usefixtures("made")
def test_second_run_changes_nothing(run: Run, admin: AdminClient) -> None:
    """Run again, with other settings even, it succeeds and leaves the topics as they are."""
    before = configuration(admin, "plain.raw")
    second = run(**PLAIN, RETENTION_DAYS="2")
    assert second.returncode == 0, second.stderr
    assert configuration(admin, "plain.raw") == before


def test_failure_is_a_failure(run: Run) -> None:
    """Without enough brokers it ends with an error, so that compose tries again and nothing starts on half of it."""
    done = run(TOPIC_RAW="three.raw", TOPIC_DLQ="three.dlq", REPLICATION_FACTOR="3")
    assert done.returncode != 0
    assert "Topics are ready." not in done.stdout


def test_defaults_are_the_images() -> None:
    """Without settings it takes the tool where the image has it, and the broker by the container's name."""
    text = SCRIPT.read_text("utf-8")
    assert "${KAFKA_TOPICS_TOOL:-/opt/kafka/bin/kafka-topics.sh}" in text
    assert "${BOOTSTRAP_SERVER:-kafka:19092}" in text
    assert os.access(SCRIPT, os.X_OK)
