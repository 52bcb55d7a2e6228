"""The lag against a real Kafka, in any state, without touching its consumer group."""

import math
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from confluent_kafka import Consumer, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic
from tests.fixtures.servers import RunningServers
from tests.fixtures.services import RunService, Service
from tests.fixtures.timing import Promised
from tests.fixtures.waiting import DEADLINE_SECONDS, eventually, let_pass

from event_platform.core.connections import kafka
from event_platform.core.settings.model import Settings


@pytest.fixture(scope="module")
def admin(run_service_for_module: RunService) -> Service:
    """The service of the module."""
    return run_service_for_module("admin")


def get_lag(admin: Service) -> dict[str, Any]:
    """The lag as it is returned now; it can have been measured for another request up to a second ago."""
    answer = admin.get("/admin/kafka/lag")
    assert answer.status_code == 200
    found: dict[str, Any] = answer.json()
    return found


def wait_for_lag(admin: Service, **expected: object) -> dict[str, Any]:
    """The first response with these fields and without an error."""

    def found() -> dict[str, Any] | None:
        lag = get_lag(admin)
        return lag if {name: lag[name] for name in (*expected, "error")} == {**expected, "error": None} else None

    return eventually(found, f"a lag with {expected}")


def wait_for_newer_lag(admin: Service, earlier: dict[str, Any]) -> dict[str, Any]:
    """The first response that was measured after ``earlier`` and has no error."""

    def newer() -> dict[str, Any] | None:
        lag = get_lag(admin)
        return lag if lag["as_of"] > earlier["as_of"] and lag["error"] is None else None

    return eventually(newer, "a new measurement")


@pytest.fixture
def produce(settings: Settings) -> Callable[..., datetime]:
    """Sends records to a partition, with a producer's timestamp days in the past; returns when Kafka had them."""

    def send(partition: int, number: int) -> datetime:
        producer = Producer(kafka.client_config(settings, "test"))
        wrong_ms = int((time.time() - 3 * 86_400) * 1_000)
        for _ in range(number):
            producer.produce(settings.topic_raw, b"{}", partition=partition, timestamp=wrong_ms)
        assert producer.flush(DEADLINE_SECONDS) == 0
        return datetime.now(UTC)

    return send


def is_age_of(moment: datetime, lag: dict[str, Any]) -> bool:
    """Whether the age in ``lag`` is that of ``moment``, at the time when it was measured."""
    age = (datetime.fromisoformat(lag["as_of"]) - moment).total_seconds()
    return math.isclose(lag["oldest_age_seconds"], age, abs_tol=1)


@pytest.fixture
def group_member(settings: Settings) -> Iterator[Consumer]:
    """A consumer of the processor's group."""
    consumer = Consumer(
        {
            **kafka.client_config(settings, "worker-7"),
            "group.id": settings.kafka_group,
            "enable.auto.commit": False,
            "auto.offset.reset": "earliest",
        }
    )
    yield consumer
    consumer.close()


def test_lag_against_real_kafka(
    admin: Service, produce: Callable[..., datetime], group_member: Consumer, settings: Settings
) -> None:
    """From an empty topic over waiting events to a group that reads some of them; their age is by Kafka's clock."""
    empty = wait_for_lag(admin, total=0, members=0)
    assert empty["oldest_age_seconds"] is empty["drain_seconds"] is None
    assert [each["partition"] for each in empty["partitions"]] == [0, 1, 2, 3, 4, 5]

    first_sent = produce(2, 10)
    let_pass(3)
    second_sent = produce(4, 3)
    let_pass(3)
    produce(2, 5)
    waiting = wait_for_lag(admin, total=18)
    assert waiting["partitions"][2] == {"partition": 2, "committed": 0, "end": 15, "lag": 15, "member": None}
    assert is_age_of(first_sent, waiting)

    _join(group_member, settings)
    group_member.commit(offsets=[TopicPartition(settings.topic_raw, 2, 12)], asynchronous=False)
    joined = wait_for_lag(admin, total=6, members=1)
    assert joined["partitions"][2] == {"partition": 2, "committed": 12, "end": 15, "lag": 3, "member": "worker-7"}
    assert is_age_of(second_sent, joined)

    group_member.commit(
        offsets=[TopicPartition(settings.topic_raw, 2, 15), TopicPartition(settings.topic_raw, 4, 3)],
        asynchronous=False,
    )
    wait_for_lag(admin, total=0, oldest_age_seconds=None)
    eventually(lambda: get_lag(admin)["trend_per_second"] is not None, "a trend")


def _join(consumer: Consumer, settings: Settings) -> None:
    consumer.subscribe([settings.topic_raw])

    def has_joined() -> bool:
        consumer.poll(0.1)
        return len(consumer.assignment()) == 6

    eventually(has_joined, "six partitions")


def test_reading_the_lag_neither_joins_nor_commits(
    admin: Service, produce: Callable[..., datetime], settings: Settings
) -> None:
    """However often it is read, the group has no member and no committed offset of the admin service."""
    produce(0, 2)
    before = found = wait_for_lag(admin, total=2)
    for _ in range(3):
        found = wait_for_newer_lag(admin, found)
        assert found["partitions"] == before["partitions"]
    client = kafka.admin_client(settings)
    group = client.describe_consumer_groups([settings.kafka_group])[settings.kafka_group].result(DEADLINE_SECONDS)
    assert [member.client_id for member in group.members] == []


def test_kafka_killed_and_started_again(
    admin: Service, produce: Callable[..., datetime], servers: RunningServers
) -> None:
    """While it is down, the lag is null with the reason; it recovers in the same process."""
    produce(5, 2)
    before = eventually(lambda: lag if (lag := wait_for_lag(admin))["partitions"][5]["end"] == 2 else None, "the two")
    servers.kill("kafka")
    found = eventually(lambda: lag if (lag := get_lag(admin))["total"] is None else None, "an unknown lag")
    assert found["oldest_age_seconds"] is found["members"] is None
    assert found["error"]
    servers.start("kafka")
    wait_for_lag(admin, total=before["total"])
    assert admin.process.poll() is None


def test_a_timestamp_out_of_range_is_left_out(
    run_service: RunService, settings: Settings, admin_client: AdminClient
) -> None:
    """A topic can keep the timestamps of its producers, and one of them sends microseconds."""
    name = f"{settings.topic_raw}.odd"
    keeps = {"message.timestamp.type": "CreateTime", "message.timestamp.after.max.ms": str(2**63 - 1)}
    topic = NewTopic(name, num_partitions=1, replication_factor=1, config=keeps)
    admin_client.create_topics([topic])[name].result(DEADLINE_SECONDS)
    admin = run_service("admin", TOPIC_RAW=name, KAFKA_GROUP=f"{settings.kafka_group}.odd")
    producer = Producer(kafka.client_config(settings, "test"))
    producer.produce(name, b"{}", timestamp=int(time.time() * 1_000_000))
    assert producer.flush(DEADLINE_SECONDS) == 0
    found = eventually(lambda: lag if (lag := get_lag(admin))["total"] == 1 else None, "the record")
    assert found["oldest_age_seconds"] is None
    assert "could not be read" in found["error"]


@pytest.fixture
def admin_client(settings: Settings) -> AdminClient:
    """An administrative client of the real broker."""
    return kafka.admin_client(settings)


@pytest.mark.timing
def test_lag_is_answered_within_five_seconds(
    servers: RunningServers, run_service: RunService, promised: Promised
) -> None:
    """A stuck Kafka does not delay the response."""

    def seconds_asked() -> float:
        servers.restore()
        admin = run_service("admin")
        wait_for_lag(admin)
        servers.pause("kafka")
        started = time.monotonic()
        # The result from before is returned for up to a second.
        eventually(lambda: get_lag(admin)["error"], "the reason")
        return time.monotonic() - started

    promised.within(5 + 1, seconds_asked)
