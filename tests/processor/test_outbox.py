"""Dead letters on their way from the table to the topic, on real servers."""

import json
import threading
import uuid
from collections.abc import Iterator
from dataclasses import replace
from random import Random
from typing import Self

import psycopg
import pytest
from confluent_kafka.admin import AlterConfigOpType, ConfigEntry, ConfigResource, ResourceType
from tests.fixtures.brokerless_kafka import BrokerlessKafka
from tests.fixtures.error_watch import ExpectErrors
from tests.fixtures.raw_topic import RawTopic
from tests.fixtures.servers import RunningServers
from tests.fixtures.waiting import DEADLINE_SECONDS, eventually
from tests.processor.conftest import Bench

from event_platform.core import topics
from event_platform.core.connections import kafka
from event_platform.core.connections.postgres import Connection
from event_platform.core.connections.replaceable_client import RECONNECT_SECONDS, finds_brokers
from event_platform.core.settings.declaration import Settings
from event_platform.processor import outbox as outbox_module
from event_platform.processor.database_clock import Clock
from event_platform.processor.monitoring.dependency_status import DEAD_LETTER_TOPIC
from event_platform.processor.monitoring.health import Health
from event_platform.processor.monitoring.retry import Retrier
from event_platform.processor.outbox import Outbox
from event_platform.processor.storage.connection import Database


class EndingDatabase(Database):
    """One that is away from the moment of the stop: a worker's outbox ends with the process, a test's must before."""

    def __init__(self, settings: Settings, stop: threading.Event) -> None:
        """There until ``stop`` is set."""
        super().__init__(settings)
        self._ended = stop

    def connection(self) -> Connection:
        """Its connection."""
        if self._ended.is_set():
            raise psycopg.OperationalError("the test is over")
        return super().connection()


class Running:
    """An outbox in a thread of its own, as in a worker."""

    def __init__(self, settings: Settings) -> None:
        """Not started yet."""
        self.health = Health(Clock())
        self.health.mark_running()
        self.stop = threading.Event()
        database = EndingDatabase(settings, self.stop)
        retrier = Retrier(self.health.dependencies, self.stop, Random(0), database.close, lambda _doing: None)
        self.outbox = Outbox(settings, database, retrier, self.health)
        self.thread = threading.Thread(target=self.outbox.run, daemon=True)

    def failure(self) -> str:
        """What health says of the topic."""
        entries = self.health.report()["dependencies"]
        return next((str(entry["error"] or "") for entry in entries if entry["name"] == DEAD_LETTER_TOPIC), "")

    def __enter__(self) -> Self:
        """Start it."""
        self.thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """End it: what a later test leaves unpublished is none of its business."""
        self.stop.set()
        self.outbox.wake()
        self.thread.join(DEADLINE_SECONDS)
        assert not self.thread.is_alive()


@pytest.fixture(autouse=True)
def _in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """It looks by itself every half second, and publishes nothing twice because a busy machine was slow."""
    monkeypatch.setattr(outbox_module, "CHECK_INTERVAL_SECONDS", 0.5)
    monkeypatch.setattr(outbox_module, "DELIVERY_TIMEOUT_SECONDS", int(DEADLINE_SECONDS))


@pytest.fixture
def narrow(settings: Settings, bench: Bench) -> Iterator[Settings]:
    """With a dead-letter topic of its own that takes no more than 20,000 bytes; what it refused is gone afterwards."""
    changed = settings.model_copy(update={"topic_dlq": f"{settings.topic_dlq}.{uuid.uuid4().hex}"})
    topic = replace(topics.dlq_topic(changed), max_message_bytes=20_000)
    topics.create(kafka.admin_client(changed), [topic])
    yield changed
    bench.connection.execute("DELETE FROM dlq_events WHERE published_at IS NULL")


def originals(raw_topic: RawTopic) -> list[str]:
    """What the topic holds, in no order."""
    return sorted(str(json.loads(message.value() or b"")["original"]) for message in raw_topic.dead_letters_published())


def unpublished(bench: Bench) -> int:
    """How many wait in the table."""
    return int(bench.one("SELECT count(*) FROM dlq_events WHERE published_at IS NULL"))


def test_what_a_dead_worker_left_is_published(bench: Bench, raw_topic: RawTopic, settings: Settings) -> None:
    """Nobody wakes it: it finds by itself what another worker stored and did not publish; each is marked once."""
    with Running(settings) as running:
        bench.write(b"left-1", b"left-2")
        eventually(lambda: unpublished(bench) == 0, "publishing")
        assert {"left-1", "left-2"} <= set(originals(raw_topic))
        eventually(lambda: running.health.status() == "ok", "good health")


def test_more_than_a_round_is_published(
    bench: Bench, raw_topic: RawTopic, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Rounds are bounded by number and by bytes, a letter above the bound goes alone, and none is left."""
    monkeypatch.setattr(outbox_module, "MAX_LETTERS", 3)
    monkeypatch.setattr(outbox_module, "MAX_BYTES", 1_000)
    values = [*(f"round-{number}".encode() for number in range(8)), b"round-" + b"x" * 5_000, b"round-" + b"y" * 900]
    bench.write(*values)
    with Running(settings):
        eventually(lambda: unpublished(bench) == 0, "publishing")
    found = [text for text in originals(raw_topic) if text.startswith("round-")]
    assert found == sorted(value.decode() for value in values)


def test_a_lost_producer_is_replaced(
    bench: Bench, settings: Settings, brokerless_kafka: BrokerlessKafka, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Kafka named no broker for a moment, and the producer will not find it again: a new one publishes."""
    monkeypatch.setattr(outbox_module, "DELIVERY_TIMEOUT_SECONDS", 2)
    there = settings.model_copy(update={"kafka_brokers": brokerless_kafka.brokers})
    with Running(there) as running:
        bench.write(b"before")
        eventually(lambda: unpublished(bench) == 0, "publishing")
        # One such moment loses it about every other time.
        if not any(is_lost(running.outbox, settings, brokerless_kafka) for _ in range(15)):
            pytest.skip("not judged: after each such moment its producer found Kafka again")
        bench.write(b"afterwards", start=1)
        eventually(lambda: unpublished(bench) == 0, "publishing")


def is_lost(outbox: Outbox, settings: Settings, brokerless_kafka: BrokerlessKafka) -> bool:
    """Whether its producer does not find Kafka any more, after another moment without brokers."""
    producer = outbox._producer.current  # noqa: SLF001 - forced: by itself it asks for brokers minutes later only
    with brokerless_kafka.losing("event-platform-dead-letters"):
        for _ in range(20):
            finds_brokers(producer, settings.topic_dlq, 0.2)
    return not finds_brokers(producer, settings.topic_dlq, RECONNECT_SECONDS)


def test_two_outboxes_share_the_work(bench: Bench, raw_topic: RawTopic, settings: Settings) -> None:
    """Two workers' outboxes never wait for each other, and publish nothing twice while both live."""
    values = [f"shared-{number}".encode() for number in range(1_200)]
    bench.write(*values)
    with Running(settings), Running(settings):
        eventually(lambda: unpublished(bench) == 0, "publishing")
    found = [text for text in originals(raw_topic) if text.startswith("shared-")]
    assert found == sorted(value.decode() for value in values)


@pytest.mark.parametrize("bytes_more", [40_000, 3_000_000])
def test_a_letter_too_large_waits_and_holds_up_none(
    bench: Bench, narrow: Settings, expect_errors: ExpectErrors, bytes_more: int
) -> None:
    """One that the topic refuses for its size stays, said once, and follows when the limit is raised.

    That is all a person has to do, also for one that is larger than the settings call for.
    """
    expect_errors("larger than its topic takes")
    # In one batch of the producer, which the broker refuses as a whole.
    bench.write(b"large-" + b"x" * bytes_more, b"small-1")
    with Running(narrow) as running:
        eventually(lambda: "small-1" in originals(RawTopic(narrow)), "publishing the small one")
        eventually(lambda: running.health.unpublished == 1, "the count of the large one")
        assert running.health.status() == "degraded"
        _raise_limit(narrow)
        eventually(lambda: unpublished(bench) == 0, "publishing the large one")
        eventually(lambda: running.health.status() == "ok", "good health")


def test_a_letter_too_large_is_offered_again_while_others_flow(
    bench: Bench, narrow: Settings, expect_errors: ExpectErrors
) -> None:
    """It does not wait for a moment without dead letters, which under load may never come."""
    expect_errors("larger than its topic takes")
    bench.write(b"large-" + b"x" * 40_000)
    with Running(narrow) as running:
        eventually(lambda: running.health.unpublished == 1, "the count of the large one")
        _raise_limit(narrow)

        def is_published() -> bool:
            # Woken far more often than it looks by itself.
            running.outbox.wake()
            return unpublished(bench) == 0

        eventually(is_published, "publishing the large one")


def test_an_outage_is_said_though_a_letter_was_refused(
    servers: RunningServers,
    bench: Bench,
    narrow: Settings,
    expect_errors: ExpectErrors,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A letter that is too large does not hide that the topic is away: it is said, and waited for with pauses."""
    expect_errors("larger than its topic takes")
    monkeypatch.setattr(outbox_module, "DELIVERY_TIMEOUT_SECONDS", 2)
    bench.write(b"large-" + b"x" * 40_000)
    with Running(narrow) as running:
        eventually(lambda: running.health.unpublished == 1 and not running.failure(), "the refusal")
        servers.pause("kafka")
        bench.write(b"small-2", start=1)
        running.outbox.wake()
        eventually(running.failure, "the topic's failure in its health")
        servers.resume("kafka")
        eventually(lambda: unpublished(bench) == 1, "publishing the small one")
        eventually(lambda: not running.failure(), "the end of it in its health")


def _raise_limit(settings: Settings) -> None:
    entry = ConfigEntry("max.message.bytes", "4000000", incremental_operation=AlterConfigOpType.SET)
    resource = ConfigResource(ResourceType.TOPIC, settings.topic_dlq, incremental_configs=[entry])
    # Kept until it has answered: a client that is dropped takes its questions along.
    admin = kafka.admin_client(settings)
    admin.incremental_alter_configs([resource], request_timeout=DEADLINE_SECONDS)[resource].result(DEADLINE_SECONDS)
