"""P2: that nothing is read is never hidden, whoever should read it; and how long an event waits is told by Kafka."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

import httpx
import pytest
from confluent_kafka import Consumer, Producer
from confluent_kafka.admin import AlterConfigOpType, ConfigEntry, ConfigResource, ResourceType
from tests.fixtures.raw_topic import RawTopic
from tests.fixtures.services import RunService, Service
from tests.fixtures.waiting import DEADLINE_SECONDS, eventually

from event_platform.core.connections import kafka


@contextmanager
def foreign_member(raw_topic: RawTopic, strategy: str) -> Iterator[Consumer]:
    """Somebody else in the processor's group, who reads and stores nothing."""
    settings = raw_topic.settings
    config = {**kafka.client_config(settings, "foreign"), "group.id": settings.kafka_group}
    member = Consumer({**config, "partition.assignment.strategy": strategy, "auto.offset.reset": "latest"})
    member.subscribe([settings.topic_raw])
    try:
        yield member
    finally:
        member.close()


def test_a_member_that_is_refused_says_why(raw_topic: RawTopic, run_service: RunService) -> None:
    """The group does not take it, because another member shares partitions out in another way."""
    with foreign_member(raw_topic, "cooperative-sticky") as foreign:
        eventually(lambda: foreign.poll(0.1) or foreign.assignment(), "the other's partitions")
        processor = run_service("processor", wait_until_ready=False)
        # It stays a member for as long as it polls.
        eventually(lambda: foreign.poll(0.1) or "protocol" in _error(processor), "the reason in its health")
        assert not processor.is_ready()
    processor.wait_until_ready()


@pytest.mark.long
@pytest.mark.timeout(300)
def test_partitions_of_somebody_else_are_red(raw_topic: RawTopic, run_service: RunService) -> None:
    """The group gave some to a member that stores nothing: two minutes later the processor is red, with each."""
    processor = run_service("processor")
    with foreign_member(raw_topic, "range,roundrobin") as foreign:
        eventually(lambda: foreign.poll(0.1) or foreign.assignment(), "the other's partitions")
        taken = {partition.partition for partition in foreign.assignment()}
        assert len(taken) < 6
        for partition in range(6):
            raw_topic.send(raw_topic.message(), partition=partition)

        def told() -> set[int]:
            foreign.poll(0.1)
            return {int(partition) for partition in processor.health()["unmoved_partitions"]}

        eventually(lambda: told() == taken, "its partitions to be red", 3 * DEADLINE_SECONDS)
        assert not processor.is_ready()
    raw_topic.await_processed()
    processor.wait_until_ready()


@pytest.mark.parametrize("stamp", ["LogAppendTime", "CreateTime"])
def test_a_producers_clock_makes_nothing_old(raw_topic: RawTopic, run_service: RunService, stamp: str) -> None:
    """An event that waits for a moment is not three days old because its producer's clock is behind.

    Also where the topic, made by somebody else, keeps the producers' times.
    """
    _stamp(raw_topic, stamp)
    processor = run_service("processor")
    with raw_topic.connect() as connection, connection.transaction():
        connection.execute("LOCK TABLE consumer_progress IN EXCLUSIVE MODE")
        producer = Producer(kafka.client_config(raw_topic.settings, "tests"))
        three_days_ago_ms = int((time.time() - 3 * 86_400) * 1_000)
        producer.produce(raw_topic.settings.topic_raw, raw_topic.message(), timestamp=three_days_ago_ms)
        assert producer.flush(DEADLINE_SECONDS) == 0
        waits = eventually(lambda: processor.health()["oldest_unprocessed_seconds"], "an event that waits")
        assert waits < 2 * DEADLINE_SECONDS
    raw_topic.await_processed()


def _stamp(raw_topic: RawTopic, stamp: str) -> None:
    admin = kafka.admin_client(raw_topic.settings)
    change = ConfigEntry("message.timestamp.type", stamp, incremental_operation=AlterConfigOpType.SET)
    resource = ConfigResource(ResourceType.TOPIC, raw_topic.settings.topic_raw, incremental_configs=[change])
    admin.incremental_alter_configs([resource])[resource].result(DEADLINE_SECONDS)


def _error(processor: Service) -> str:
    try:
        return str(processor.health()["error"])
    except httpx.TransportError:
        return ""
