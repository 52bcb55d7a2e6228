"""Dead letters on their way from the table to the topic, on real servers."""

import json
import threading
from collections.abc import Iterator
from random import Random

import pytest
from confluent_kafka.admin import AdminClient, AlterConfigOpType, ConfigEntry, ConfigResource, ResourceType
from tests.fixtures.error_watch import ExpectErrors
from tests.fixtures.raw_topic import RawTopic, await_true
from tests.fixtures.servers import RunningServers
from tests.processor.conftest import Bench

from event_platform.core import kafka
from event_platform.core.settings import Settings
from event_platform.processor import outbox as outbox_module
from event_platform.processor.clock import Clock
from event_platform.processor.database import Database
from event_platform.processor.health import DEAD_LETTER_TOPIC, Health, State
from event_platform.processor.outbox import Outbox
from event_platform.processor.patience import Patience


class Running:
    """An outbox in a thread of its own, as in a worker."""

    def __init__(self, settings: Settings) -> None:
        """Not started yet."""
        self.health = Health(Clock())
        self.health.state = State.RUNNING
        self.stop = threading.Event()
        database = Database(settings)
        patience = Patience(self.health, self.stop, Random(0), database.close, lambda _doing: None)
        self.outbox = Outbox(settings, database, patience, self.health)
        self.thread = threading.Thread(target=self.outbox.run, daemon=True)

    def failure(self) -> str:
        """What health says of the topic."""
        entries = self.health.report()["dependencies"]
        return next((str(entry["error"] or "") for entry in entries if entry["name"] == DEAD_LETTER_TOPIC), "")


@pytest.fixture
def running(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[Running]:
    """It looks by itself every half second."""
    monkeypatch.setattr(outbox_module, "LOOK_EVERY_SECONDS", 0.5)
    made = Running(settings)
    made.thread.start()
    yield made
    made.stop.set()


def originals(raw_topic: RawTopic) -> list[str]:
    """What the topic holds, in no order."""
    return sorted(str(json.loads(message.value() or b"")["original"]) for message in raw_topic.dead_letters_published())


def unpublished(bench: Bench) -> int:
    """How many wait in the table."""
    return int(bench.one("SELECT count(*) FROM dlq_events WHERE published_at IS NULL"))


def test_what_a_dead_worker_left_is_published(bench: Bench, raw_topic: RawTopic, running: Running) -> None:
    """Nobody wakes it: it finds by itself what another worker stored and did not publish; each is marked once."""
    bench.write(b"left-1", b"left-2")
    await_true(lambda: unpublished(bench) == 0, what="publishing")
    assert {"left-1", "left-2"} <= set(originals(raw_topic))
    await_true(lambda: running.health.status() == "ok", what="good health")


def test_more_than_a_round_is_published(
    bench: Bench, raw_topic: RawTopic, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Rounds are bounded by number and by bytes, a letter above the bound goes alone, and none is left."""
    monkeypatch.setattr(outbox_module, "MAX_LETTERS", 3)
    monkeypatch.setattr(outbox_module, "MAX_BYTES", 1_000)
    values = [*(f"round-{number}".encode() for number in range(8)), b"round-" + b"x" * 5_000, b"round-" + b"y" * 900]
    bench.write(*values)
    running = Running(settings)
    running.thread.start()
    await_true(lambda: unpublished(bench) == 0, what="publishing")
    running.stop.set()
    found = [text for text in originals(raw_topic) if text.startswith("round-")]
    assert found == sorted(value.decode() for value in values)


def test_two_outboxes_share_the_work(bench: Bench, raw_topic: RawTopic, settings: Settings) -> None:
    """Two workers' outboxes never wait for each other, and publish nothing twice while both live."""
    values = [f"shared-{number}".encode() for number in range(1_200)]
    bench.write(*values)
    both = [Running(settings), Running(settings)]
    for one in both:
        one.thread.start()
    await_true(lambda: unpublished(bench) == 0, what="publishing")
    for one in both:
        one.stop.set()
    found = [text for text in originals(raw_topic) if text.startswith("shared-")]
    assert found == sorted(value.decode() for value in values)


def test_a_letter_too_large_waits_and_holds_up_none(
    bench: Bench, raw_topic: RawTopic, settings: Settings, running: Running, expect_errors: ExpectErrors
) -> None:
    """One that the topic refuses for its size stays, said once, and follows when the limit is raised."""
    expect_errors("larger than its topic takes")
    admin = kafka.admin_client(settings)
    _limit(admin, settings.topic_dlq, "20000")
    try:
        # In one batch of the producer, which the broker refuses as a whole.
        bench.write(b"large-" + b"x" * 40_000, b"small-1")
        await_true(lambda: "small-1" in originals(raw_topic), what="publishing the small one")
        await_true(lambda: running.health.unpublished == 1, what="the count of the large one")
        assert running.health.status() == "degraded"
    finally:
        _limit(admin, settings.topic_dlq, "4000000")
    await_true(lambda: unpublished(bench) == 0, what="publishing the large one")
    await_true(lambda: running.health.status() == "ok", what="good health")


def test_an_outage_is_said_though_a_letter_was_refused(
    servers: RunningServers,
    bench: Bench,
    settings: Settings,
    expect_errors: ExpectErrors,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A letter that is too large does not hide that the topic is away: it is said, and waited for with pauses."""
    expect_errors("larger than its topic takes")
    monkeypatch.setattr(outbox_module, "DELIVERY_TIMEOUT_SECONDS", 2)
    admin, running = kafka.admin_client(settings), Running(settings)
    _limit(admin, settings.topic_dlq, "20000")
    running.thread.start()
    try:
        bench.write(b"large-" + b"x" * 40_000)
        running.outbox.wake()
        await_true(lambda: running.health.unpublished == 1, what="the refusal")
        servers.pause("kafka")
        bench.write(b"small-2", start=1)
        running.outbox.wake()
        await_true(running.failure, 40, "the topic's failure in its health")
        servers.resume("kafka")
        await_true(lambda: unpublished(bench) == 1, what="publishing the small one")
        await_true(lambda: not running.failure(), what="the end of it in its health")
    finally:
        servers.resume("kafka")
        running.stop.set()
        _limit(admin, settings.topic_dlq, "4000000")
        bench.connection.execute("DELETE FROM dlq_events WHERE published_at IS NULL")


def _limit(admin: AdminClient, topic: str, limit: str) -> None:
    entry = ConfigEntry("max.message.bytes", limit, incremental_operation=AlterConfigOpType.SET)
    resource = ConfigResource(ResourceType.TOPIC, topic, incremental_configs=[entry])
    admin.incremental_alter_configs([resource])[resource].result(10)
