"""A partition that nobody reads is seen, whoever should read it."""

from random import Random
from threading import Event

import pytest
from tests.fixtures.raw_topic import RawTopic
from tests.processor.conftest import Bench

from event_platform.processor.consumer.topic import Marks
from event_platform.processor.database_clock import DatabaseClock
from event_platform.processor.monitoring import partition_progress
from event_platform.processor.monitoring.health import Health, State
from event_platform.processor.monitoring.partition_progress import UNMOVED_SECONDS, ProgressWatch, Wait, told, waits
from event_platform.processor.retry import PatienceBeside


@pytest.mark.parametrize(
    ("before", "offset", "mark", "expected"),
    [
        pytest.param(None, 5, Marks(0, 5), None, id="all was read"),
        pytest.param(None, 5, Marks(0, 9), Wait(5, 9, 100.0), id="begins to wait"),
        pytest.param(Wait(5, 7, 40.0), 5, Marks(0, 9), Wait(5, 9, 40.0), id="has waited, and more came"),
        pytest.param(Wait(5, 9, 40.0), 6, Marks(0, 9), Wait(6, 9, 100.0), id="moved"),
        pytest.param(None, None, Marks(3, 9), Wait(3, 9, 100.0), id="was never read"),
        pytest.param(None, None, Marks(3, 3), None, id="never had anything"),
        pytest.param(None, 5, Marks(7, 7), None, id="what it should read was dropped"),
        pytest.param(Wait(20, 9, 40.0), 20, Marks(0, 9), Wait(20, 9, 40.0), id="goes on beyond the end"),
    ],
)
def test_a_partition_waits_since_it_last_moved(
    before: Wait | None, offset: int | None, mark: Marks, expected: Wait | None
) -> None:
    """New events do not make it look new, and what has nothing to read does not wait."""
    found = waits({0: before} if before else {}, {} if offset is None else {0: offset}, {0: mark}, 100.0)
    assert found == ({} if expected is None else {0: expected})


@pytest.mark.parametrize(("seconds", "is_told"), [(UNMOVED_SECONDS - 1, False), (UNMOVED_SECONDS + 1, True)])
def test_two_minutes_are_too_long(seconds: float, *, is_told: bool) -> None:
    """It is said where, how many, and for how long."""
    said = told({3: Wait(5, 9, 0.0)}, seconds)
    text = f"4 events wait at offset 5, where nothing was read for {seconds:.0f} s"
    assert said == ({3: text} if is_told else {})


def test_a_partition_beyond_its_end_is_told() -> None:
    """What comes there would not be read."""
    assert told({3: Wait(20, 9, 0.0)}, UNMOVED_SECONDS + 1) == {3: "it goes on at offset 20, but ends at 9"}


def test_what_kafka_and_postgres_say_reaches_health(
    raw_topic: RawTopic, bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One partition that waits among others that do not makes it red, until it is read."""
    monkeypatch.setattr(partition_progress, "UNMOVED_SECONDS", -1.0)
    health = Health(DatabaseClock())
    health.state = State.RUNNING
    patience = PatienceBeside(health, Event(), Random(0), bench.database.close, lambda _doing: None)
    watch = ProgressWatch(raw_topic.topic, bench.database, patience, health)
    watch.look()
    assert health.status() == "ok"
    (sent,) = raw_topic.send(raw_topic.message(), partition=2)
    watch.look()
    assert health.status() == "down"
    assert str(health.reason()).startswith("partition 2: 1 events wait at offset 0, where nothing was read for ")
    bench.connection.execute(
        "INSERT INTO consumer_progress (topic, topic_id, partition, next_offset) VALUES ('t', %s, 2, %s)",
        [raw_topic.topic.id(), sent.offset + 1],
    )
    watch.look()
    assert health.status() == "ok"
