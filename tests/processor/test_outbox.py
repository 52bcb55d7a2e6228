"""Dead letters on their way from the outbox to their topic, on real servers."""

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
from event_platform.core.settings.model import Settings
from event_platform.processor import outbox as outbox_module
from event_platform.processor.database_clock import DatabaseClock
from event_platform.processor.monitoring.health import Health
from event_platform.processor.outages.dependency_status import DEAD_LETTER_TOPIC
from event_platform.processor.outages.retry import Retrier
from event_platform.processor.outbox import Outbox
from event_platform.processor.storage.connection import Database


class EndingDatabase(Database):
    """A database that becomes unavailable when the test stops, because an outbox runs as long as its process."""

    def __init__(self, settings: Settings, stop: threading.Event) -> None:
        """Available until ``stop`` is set."""
        super().__init__(settings)
        self._ended = stop

    def connection(self) -> Connection:
        """The connection, until the stop."""
        if self._ended.is_set():
            raise psycopg.OperationalError("the test is over")
        return super().connection()


class RunningOutbox:
    """An outbox in a thread of its own, as in a worker."""

    def __init__(self, settings: Settings) -> None:
        self.health = Health(DatabaseClock())
        self.health.mark_running()
        self.stop = threading.Event()
        database = EndingDatabase(settings, self.stop)
        retrier = Retrier(self.health.dependencies, self.stop, Random(0), database.close, lambda _doing: None)
        self.outbox = Outbox(settings, database, retrier, self.health)
        self.thread = threading.Thread(target=self.outbox.run, daemon=True)

    def failure(self) -> str:
        """The error that health reports for the topic."""
        entries = self.health.report()["dependencies"]
        return next((str(entry["error"] or "") for entry in entries if entry["name"] == DEAD_LETTER_TOPIC), "")

    def __enter__(self) -> Self:
        """Start the thread."""
        self.thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop the thread, so that it does not publish what a later test leaves."""
        self.stop.set()
        self.outbox.wake()
        self.thread.join(DEADLINE_SECONDS)
        assert not self.thread.is_alive()


@pytest.fixture(autouse=True)
def _test_timing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Check every half second, and let no busy machine cause a repeat."""
    monkeypatch.setattr(outbox_module, "CHECK_INTERVAL_SECONDS", 0.5)
    monkeypatch.setattr(outbox_module, "DELIVERY_TIMEOUT_SECONDS", int(DEADLINE_SECONDS))


@pytest.fixture
def narrow(settings: Settings, bench: Bench) -> Iterator[Settings]:
    """A dead-letter topic that accepts at most 20,000 bytes; what it refused is deleted afterwards."""
    changed = settings.model_copy(update={"topic_dlq": f"{settings.topic_dlq}.{uuid.uuid4().hex}"})
    topic = replace(topics.dlq_topic(changed), max_message_bytes=20_000)
    topics.create(kafka.admin_client(changed), [topic])
    yield changed
    bench.connection.execute("DELETE FROM dlq_events WHERE published_at IS NULL")


def originals(raw_topic: RawTopic) -> list[str]:
    """The originals in the topic, sorted."""
    return sorted(str(json.loads(message.value() or b"")["original"]) for message in raw_topic.dead_letters_published())


def unpublished(bench: Bench) -> int:
    """How many dead letters are unpublished."""
    return int(bench.one("SELECT count(*) FROM dlq_events WHERE published_at IS NULL"))


def test_dead_letters_of_a_dead_worker_are_published(bench: Bench, raw_topic: RawTopic, settings: Settings) -> None:
    """Without being woken, an outbox finds what another worker stored and did not publish."""
    with RunningOutbox(settings) as running:
        bench.write(b"left-1", b"left-2")
        eventually(lambda: unpublished(bench) == 0, "publishing")
        assert {"left-1", "left-2"} <= set(originals(raw_topic))
        eventually(lambda: running.health.status() == "ok", "good health")


def test_more_than_a_round_is_published(
    bench: Bench, raw_topic: RawTopic, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Rounds are bounded by number and by bytes, a larger dead letter goes alone, and none is left."""
    monkeypatch.setattr(outbox_module, "MAX_ROUND_MESSAGES", 3)
    monkeypatch.setattr(outbox_module, "MAX_ROUND_BYTES", 1_000)
    values = [*(f"round-{number}".encode() for number in range(8)), b"round-" + b"x" * 5_000, b"round-" + b"y" * 900]
    bench.write(*values)
    with RunningOutbox(settings):
        eventually(lambda: unpublished(bench) == 0, "publishing")
    found = [text for text in originals(raw_topic) if text.startswith("round-")]
    assert found == sorted(value.decode() for value in values)


def test_lost_producer_is_replaced(
    bench: Bench, settings: Settings, brokerless_kafka: BrokerlessKafka, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A producer that lost all brokers for a moment may never find them again: a new one publishes."""
    monkeypatch.setattr(outbox_module, "DELIVERY_TIMEOUT_SECONDS", 2)
    there = settings.model_copy(update={"kafka_brokers": brokerless_kafka.brokers})
    with RunningOutbox(there) as running:
        bench.write(b"before")
        eventually(lambda: unpublished(bench) == 0, "publishing")
        # A moment without brokers loses the producer about every other time.
        if not any(is_lost(running.outbox, settings, brokerless_kafka) for _ in range(15)):
            pytest.skip("not judged: after each such moment its producer found Kafka again")
        bench.write(b"afterwards", start=1)
        eventually(lambda: unpublished(bench) == 0, "publishing")


def is_lost(outbox: Outbox, settings: Settings, brokerless_kafka: BrokerlessKafka) -> bool:
    """Whether the producer no longer finds Kafka after another moment without brokers."""
    producer = outbox._producer.current  # noqa: SLF001 - forced: by itself it asks for brokers minutes later only
    with brokerless_kafka.losing("event-platform-dead-letters"):
        for _ in range(20):
            finds_brokers(producer, settings.topic_dlq, 0.2)
    return not finds_brokers(producer, settings.topic_dlq, RECONNECT_SECONDS)


def test_two_outboxes_share_the_work(bench: Bench, raw_topic: RawTopic, settings: Settings) -> None:
    """The outboxes of two workers never wait for each other, and publish nothing twice while both run."""
    values = [f"shared-{number}".encode() for number in range(1_200)]
    bench.write(*values)
    with RunningOutbox(settings), RunningOutbox(settings):
        eventually(lambda: unpublished(bench) == 0, "publishing")
    found = [text for text in originals(raw_topic) if text.startswith("shared-")]
    assert found == sorted(value.decode() for value in values)


@pytest.mark.parametrize("bytes_more", [40_000, 3_000_000])
def test_too_large_dead_letter_does_not_hold_up_others(
    bench: Bench, narrow: Settings, expect_errors: ExpectErrors, bytes_more: int
) -> None:
    """A dead letter that is too large for the topic stays, is logged once, and is published when the limit is raised.

    Nothing else has to be done, even if it is larger than the settings allow for.
    """
    expect_errors("dead letter too large for its topic")
    # Both are in one batch of the producer, which the broker refuses as a whole.
    bench.write(b"large-" + b"x" * bytes_more, b"small-1")
    with RunningOutbox(narrow) as running:
        eventually(lambda: "small-1" in originals(RawTopic(narrow)), "publishing the small one")
        eventually(lambda: running.health.unpublished == 1, "the count of the large one")
        assert running.health.status() == "degraded"
        _raise_limit(narrow)
        eventually(lambda: unpublished(bench) == 0, "publishing the large one")
        eventually(lambda: running.health.status() == "ok", "good health")


def test_too_large_dead_letter_is_retried_under_load(
    bench: Bench, narrow: Settings, expect_errors: ExpectErrors
) -> None:
    """It does not wait for a pause without dead letters, which under load may never come."""
    expect_errors("dead letter too large for its topic")
    bench.write(b"large-" + b"x" * 40_000)
    with RunningOutbox(narrow) as running:
        eventually(lambda: running.health.unpublished == 1, "the count of the large one")
        _raise_limit(narrow)

        def is_published() -> bool:
            # Far more often than the outbox checks by itself.
            running.outbox.wake()
            return unpublished(bench) == 0

        eventually(is_published, "publishing the large one")


def test_outage_is_reported_despite_a_too_large_dead_letter(
    servers: RunningServers,
    bench: Bench,
    narrow: Settings,
    expect_errors: ExpectErrors,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A dead letter that is too large does not hide that the topic is unavailable, which is reported and retried."""
    expect_errors("dead letter too large for its topic")
    monkeypatch.setattr(outbox_module, "DELIVERY_TIMEOUT_SECONDS", 2)
    bench.write(b"large-" + b"x" * 40_000)
    with RunningOutbox(narrow) as running:
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
    # Keep the client until it has answered: dropping it cancels its requests.
    admin = kafka.admin_client(settings)
    admin.incremental_alter_configs([resource], request_timeout=DEADLINE_SECONDS)[resource].result(DEADLINE_SECONDS)
