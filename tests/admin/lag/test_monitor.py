"""Lag is what Kafka says, never negative, and its trend is what it was."""

import math
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from confluent_kafka import Consumer, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic
from tests.fixtures.servers import RunningServers
from tests.fixtures.services import RunService, Service
from tests.fixtures.timing import Promised
from tests.fixtures.waiting import DEADLINE_SECONDS, eventually, let_pass

from event_platform.admin.lag.group_members import assigned, name_of
from event_platform.admin.lag.measurement import Measurement, Offsets, Trend, describe
from event_platform.core.connections import kafka
from event_platform.core.settings.declaration import Settings

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


def ask(admin: Service) -> dict[str, Any]:
    """The lag as it is answered now, which may have been measured for somebody else up to a second ago."""
    answer = admin.get("/admin/kafka/lag")
    assert answer.status_code == 200
    found: dict[str, Any] = answer.json()
    return found


def lag_where(admin: Service, **expected: object) -> dict[str, Any]:
    """The first answer with these members of which everything is known."""

    def found() -> dict[str, Any] | None:
        told = ask(admin)
        return told if {name: told[name] for name in (*expected, "error")} == {**expected, "error": None} else None

    return eventually(found, f"a lag with {expected}")


def measured_after(admin: Service, lag: dict[str, Any]) -> dict[str, Any]:
    """The first answer that was measured after another, and of which everything is known."""

    def found() -> dict[str, Any] | None:
        told = ask(admin)
        return told if told["as_of"] > lag["as_of"] and told["error"] is None else None

    return eventually(found, "a new measurement")


@pytest.fixture
def produce(settings: Settings) -> Callable[..., datetime]:
    """Sends messages to a partition, with a producer's time that is days behind; when Kafka had them."""

    def send(partition: int, number: int) -> datetime:
        producer = Producer(kafka.client_config(settings, "test"))
        wrong_ms = int((time.time() - 3 * 86_400) * 1_000)
        for _ in range(number):
            producer.produce(settings.topic_raw, b"{}", partition=partition, timestamp=wrong_ms)
        assert producer.flush(DEADLINE_SECONDS) == 0
        return datetime.now(UTC)

    return send


def is_age_of(moment: datetime, lag: dict[str, Any]) -> bool:
    """Whether the lag's age is that of ``moment``, whenever it was measured."""
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
    """From an empty topic over waiting messages to a group that reads some of them; their age is by Kafka's clock."""
    empty = lag_where(admin, total=0, members=0)
    assert empty["oldest_age_seconds"] is empty["drain_seconds"] is None
    assert [each["partition"] for each in empty["partitions"]] == [0, 1, 2, 3, 4, 5]

    oldest = produce(2, 10)
    let_pass(3)
    next_one = produce(4, 3)
    let_pass(3)
    produce(2, 5)
    waiting = lag_where(admin, total=18)
    assert waiting["partitions"][2] == {"partition": 2, "committed": 0, "end": 15, "lag": 15, "member": None}
    assert is_age_of(oldest, waiting)

    _join(group_member, settings)
    group_member.commit(offsets=[TopicPartition(settings.topic_raw, 2, 12)], asynchronous=False)
    joined = lag_where(admin, total=6, members=1)
    assert joined["partitions"][2] == {"partition": 2, "committed": 12, "end": 15, "lag": 3, "member": "worker-7"}
    assert is_age_of(next_one, joined)

    group_member.commit(
        offsets=[TopicPartition(settings.topic_raw, 2, 15), TopicPartition(settings.topic_raw, 4, 3)],
        asynchronous=False,
    )
    lag_where(admin, total=0, oldest_age_seconds=None)
    eventually(lambda: ask(admin)["trend_per_second"] is not None, "a trend")


def _join(consumer: Consumer, settings: Settings) -> None:
    consumer.subscribe([settings.topic_raw])

    def has_joined() -> bool:
        consumer.poll(0.1)
        return len(consumer.assignment()) == 6

    eventually(has_joined, "six partitions")


def test_looking_neither_joins_nor_commits(
    admin: Service, produce: Callable[..., datetime], settings: Settings
) -> None:
    """However often somebody asks, the group has no member and no offset of ours."""
    produce(0, 2)
    before = found = lag_where(admin, total=2)
    for _ in range(3):
        found = measured_after(admin, found)
        assert found["partitions"] == before["partitions"]
    client = kafka.admin_client(settings)
    group = client.describe_consumer_groups([settings.kafka_group])[settings.kafka_group].result(DEADLINE_SECONDS)
    assert [member.client_id for member in group.members] == []


def test_kafka_killed_and_started_again(
    admin: Service, produce: Callable[..., datetime], servers: RunningServers
) -> None:
    """Unknown is null with the reason; it heals alone, and the process lives."""
    produce(5, 2)
    before = eventually(lambda: told if (told := lag_where(admin))["partitions"][5]["end"] == 2 else None, "the two")
    servers.kill("kafka")
    found = eventually(lambda: told if (told := ask(admin))["total"] is None else None, "an unknown lag")
    assert found["oldest_age_seconds"] is found["members"] is None
    assert found["error"]
    servers.start("kafka")
    lag_where(admin, total=before["total"])
    assert admin.process.poll() is None


def test_a_time_that_is_none_is_left_out(
    run_service: RunService, settings: Settings, admin_client: AdminClient
) -> None:
    """A topic of somebody else's keeps the times of its producers, and one of them counts in microseconds."""
    name = f"{settings.topic_raw}.odd"
    keeps = {"message.timestamp.type": "CreateTime", "message.timestamp.after.max.ms": str(2**63 - 1)}
    topic = NewTopic(name, num_partitions=1, replication_factor=1, config=keeps)
    admin_client.create_topics([topic])[name].result(DEADLINE_SECONDS)
    admin = run_service("admin", TOPIC_RAW=name, KAFKA_GROUP=f"{settings.kafka_group}.odd")
    producer = Producer(kafka.client_config(settings, "test"))
    producer.produce(name, b"{}", timestamp=int(time.time() * 1_000_000))
    assert producer.flush(DEADLINE_SECONDS) == 0
    found = eventually(lambda: told if (told := ask(admin))["total"] == 1 else None, "the message")
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
    """Also where Kafka hangs."""

    def seconds_asked() -> float:
        servers.restore()
        admin = run_service("admin")
        lag_where(admin)
        servers.pause("kafka")
        started = time.monotonic()
        # The first answer is the one from before; it is shared for a second.
        eventually(lambda: ask(admin)["error"], "the reason")
        return time.monotonic() - started

    promised.within(5 + 1, seconds_asked)
