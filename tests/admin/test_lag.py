"""Lag is what Kafka says, never negative, and its trend is what it was."""

import math
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from confluent_kafka import Consumer, Producer, TopicPartition
from tests.fixtures.servers import RunningServers
from tests.fixtures.services import RunService, Service

from event_platform.admin.group_members import assigned, name_of
from event_platform.admin.lag import Measurement, Offsets, Trend, describe
from event_platform.core import kafka
from event_platform.core.settings import Settings

NOW = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("offsets", "lag"),
    [
        (Offsets(None, 0, 0), 0),
        (Offsets(None, 0, 7), 7),
        (Offsets(None, 5, 7), 2),
        (Offsets(3, 0, 7), 4),
        (Offsets(7, 0, 7), 0),
        (Offsets(3, 5, 7), 2),
        (Offsets(7, 7, 7), 0),
        (Offsets(9, 0, 7), 0),
    ],
)
def test_lag_of_a_partition(offsets: Offsets, lag: int) -> None:
    """Empty, uncommitted, behind, level, overtaken by retention, and committed beyond the end: never negative."""
    assert offsets.lag == lag


def _trend(*samples: tuple[float, int]) -> float | None:
    trend = Trend()
    for at, number in samples:
        trend.add(at, number)
    return trend.per_second()


def test_trend_is_the_change_a_second() -> None:
    """Over the last half minute; what is older is forgotten."""
    assert _trend((0, 100), (10, 50)) == -5
    assert _trend((0, 0), (10, 1_000), (39, 1_000), (40, 1_000)) == 0


def test_trend_is_unknown_until_it_was_seen() -> None:
    """One sample, or two at nearly the same time, tell nothing."""
    assert _trend() is _trend((0, 5)) is _trend((0, 5), (1, 9)) is None


@pytest.mark.parametrize(
    ("total", "trend", "seconds"),
    [(100, -5.0, 20.0), (100, 5.0, None), (100, 0.0, None), (100, None, None), (0, -5.0, 0)],
)
def test_drain_time(total: int, trend: float | None, seconds: float | None) -> None:
    """Total over the rate at which it falls; unknown where it does not."""
    found = describe(Measurement({0: Offsets(0, 0, total)}, {}, 0), trend, NOW)
    assert found.drain_seconds == seconds


def test_a_producers_clock_that_is_ahead_makes_no_negative_age() -> None:
    """Zero at least."""
    ahead = Measurement({0: Offsets(0, 0, 1)}, {}, 0, oldest_at=NOW + timedelta(seconds=5))
    assert describe(ahead, None, NOW).oldest_age_seconds == 0


def test_assignments_are_read_as_kafka_writes_them() -> None:
    """Version, topics with their partitions, then what this client's version does not know."""
    two_topics = b"\0\1" + b"\0\0\0\2" + b"\0\1a" + b"\0\0\0\2\0\0\0\3\0\0\0\5" + b"\0\2bc" + b"\0\0\0\1\0\0\0\0"
    assert [*assigned(two_topics + b"\xff\xff\xff\xff")] == [("a", 3), ("a", 5), ("bc", 0)]
    assert [*assigned(b"")] == []


def test_workers_of_one_client_id_have_names_of_their_own() -> None:
    """A static member is called by its instance id."""
    assert name_of("4446fc96ab-0-01a2081d-4e14-43c1-8eba-84954dee3861") == "4446fc96ab-0"
    assert name_of("worker-7") == "worker-7"


@pytest.fixture(scope="module")
def admin(run_service_for_module: RunService) -> Service:
    """The service of the module."""
    return run_service_for_module("admin")


@pytest.fixture
def read_lag(admin: Service) -> Callable[[], dict[str, Any]]:
    """Asks for the lag; the last answer must be old enough to be measured again."""

    def read() -> dict[str, Any]:
        time.sleep(1.1)  # answers are shared for a second
        answer = httpx.get(f"{admin.url}/admin/kafka/lag", timeout=10)
        assert answer.status_code == 200
        found: dict[str, Any] = answer.json()
        return found

    return read


@pytest.fixture
def produce(settings: Settings) -> Callable[..., None]:
    """Sends messages of a given age to a partition."""

    def send(partition: int, number: int, age_seconds: float = 0) -> None:
        producer = Producer(kafka.client_config(settings, "test"))
        at = int((time.time() - age_seconds) * 1_000)
        for _ in range(number):
            producer.produce(settings.topic_raw, b"{}", partition=partition, timestamp=at)
        assert producer.flush(10) == 0

    return send


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
    read_lag: Callable[[], dict[str, Any]],
    produce: Callable[..., None],
    group_member: Consumer,
    settings: Settings,
) -> None:
    """From an empty topic over waiting messages to a group that reads some of them."""
    empty = read_lag()
    assert (empty["total"], empty["members"], empty["error"]) == (0, 0, None)
    assert empty["oldest_age_seconds"] is empty["drain_seconds"] is None
    assert [each["partition"] for each in empty["partitions"]] == [0, 1, 2, 3, 4, 5]

    produce(2, 10, age_seconds=90)
    produce(2, 5)
    produce(4, 3, age_seconds=30)
    waiting = read_lag()
    assert waiting["total"] == 18
    assert waiting["partitions"][2] == {"partition": 2, "committed": 0, "end": 15, "lag": 15, "member": None}
    assert math.isclose(waiting["oldest_age_seconds"], 90, abs_tol=10)

    _join(group_member, settings)
    group_member.commit(offsets=[TopicPartition(settings.topic_raw, 2, 12)], asynchronous=False)
    joined = read_lag()
    assert (joined["total"], joined["members"]) == (6, 1)
    assert joined["partitions"][2] == {"partition": 2, "committed": 12, "end": 15, "lag": 3, "member": "worker-7"}
    assert math.isclose(joined["oldest_age_seconds"], 30, abs_tol=10)

    group_member.commit(
        offsets=[TopicPartition(settings.topic_raw, 2, 15), TopicPartition(settings.topic_raw, 4, 3)],
        asynchronous=False,
    )
    level = read_lag()
    assert (level["total"], level["oldest_age_seconds"]) == (0, None)
    assert level["trend_per_second"] is not None


def _join(consumer: Consumer, settings: Settings) -> None:
    consumer.subscribe([settings.topic_raw])
    deadline = time.monotonic() + 30
    while len(consumer.assignment()) < 6:
        assert time.monotonic() < deadline
        consumer.poll(0.1)


def test_looking_neither_joins_nor_commits(
    read_lag: Callable[[], dict[str, Any]], produce: Callable[..., None], settings: Settings
) -> None:
    """However often somebody asks, the group has no member and no offset of ours."""
    produce(0, 2)
    before = read_lag()
    for _ in range(3):
        assert read_lag()["partitions"] == before["partitions"]
    client = kafka.admin_client(settings)
    group = client.describe_consumer_groups([settings.kafka_group])[settings.kafka_group].result(10)
    assert [member.client_id for member in group.members] == []


def test_kafka_killed_and_started_again(
    read_lag: Callable[[], dict[str, Any]], servers: RunningServers, admin: Service
) -> None:
    """Unknown is null with the reason, within the deadline; it heals alone, and the process lives."""
    servers.kill("kafka")
    deadline = time.monotonic() + 20
    while (found := read_lag())["error"] is None:
        assert time.monotonic() < deadline
    assert found["total"] is found["oldest_age_seconds"] is found["members"] is None
    started = time.monotonic()
    httpx.get(f"{admin.url}/admin/kafka/lag", timeout=10)
    assert time.monotonic() - started < 5
    servers.start("kafka")
    deadline = time.monotonic() + 60
    while (found := read_lag())["error"] is not None:
        assert time.monotonic() < deadline, found["error"]
    assert found["total"] == 2
    assert admin.process.poll() is None
