"""P2: partitions that nobody reads are always reported; lag in seconds comes from Kafka's timestamps."""

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
    """A foreign member of the processor's group, which stores nothing."""
    settings = raw_topic.settings
    config = {**kafka.client_config(settings, "foreign"), "group.id": settings.kafka_group}
    member = Consumer({**config, "partition.assignment.strategy": strategy, "auto.offset.reset": "latest"})
    member.subscribe([settings.topic_raw])
    try:
        yield member
    finally:
        member.close()


def test_member_refused_by_the_group_reports_why(raw_topic: RawTopic, run_service: RunService) -> None:
    """Health gives the reason: another member uses another assignment strategy."""
    with foreign_member(raw_topic, "cooperative-sticky") as foreign:
        eventually(lambda: foreign.poll(0.1) or foreign.assignment(), "the other's partitions")
        processor = run_service("processor", wait_until_ready=False)
        # It stays a member for as long as it polls.
        eventually(lambda: foreign.poll(0.1) or "protocol" in _error(processor), "the reason in its health")
        assert not processor.is_ready()
    processor.wait_until_ready()


@pytest.mark.long
@pytest.mark.timeout(300)
def test_partitions_of_a_foreign_member_are_reported(raw_topic: RawTopic, run_service: RunService) -> None:
    """Partitions assigned to a member that stores nothing are each reported as down after two minutes."""
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
def test_producer_clock_does_not_change_lag(raw_topic: RawTopic, run_service: RunService, stamp: str) -> None:
    """An event that waits for a moment has no lag of three days because its producer's clock is behind.

    Nor where the topic was created to keep the producers' timestamps.
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
