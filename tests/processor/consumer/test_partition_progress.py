"""Partitions with a backlog that does not shrink, whoever should read them."""

from random import Random
from threading import Event

import pytest
from tests.fixtures.raw_topic import RawTopic
from tests.processor.conftest import Bench

from event_platform.processor.consumer import partition_progress
from event_platform.processor.consumer.partition_progress import (
    STALLED_AFTER_SECONDS,
    Backlog,
    PartitionProgressMonitor,
    find_backlogs,
    stalled,
)
from event_platform.processor.consumer.topic_metadata import Watermarks
from event_platform.processor.database_clock import DatabaseClock
from event_platform.processor.monitoring.health import Health
from event_platform.processor.outages.retry import BackgroundRetrier


@pytest.mark.parametrize(
    ("before", "offset", "mark", "expected"),
    [
        pytest.param(None, 5, Watermarks(0, 5), None, id="all was read"),
        pytest.param(None, 5, Watermarks(0, 9), Backlog(5, 9, 100.0), id="begins to wait"),
        pytest.param(Backlog(5, 7, 40.0), 5, Watermarks(0, 9), Backlog(5, 9, 40.0), id="has waited, and more came"),
        pytest.param(Backlog(5, 9, 40.0), 6, Watermarks(0, 9), Backlog(6, 9, 100.0), id="moved"),
        pytest.param(None, None, Watermarks(3, 9), Backlog(3, 9, 100.0), id="was never read"),
        pytest.param(None, None, Watermarks(3, 3), None, id="never had anything"),
        pytest.param(None, 5, Watermarks(7, 7), None, id="what it should read was dropped"),
        pytest.param(Backlog(20, 9, 40.0), 20, Watermarks(0, 9), Backlog(20, 9, 40.0), id="goes on beyond the end"),
    ],
)
def test_a_backlog_counts_from_when_the_partition_last_advanced(
    before: Backlog | None, offset: int | None, mark: Watermarks, expected: Backlog | None
) -> None:
    """New events do not reset the time of a backlog; a partition without a backlog has none."""
    found = find_backlogs({0: before} if before else {}, {} if offset is None else {0: offset}, {0: mark}, 100.0)
    assert found == ({} if expected is None else {0: expected})


@pytest.mark.parametrize(
    ("seconds", "is_told"), [(STALLED_AFTER_SECONDS - 1, False), (STALLED_AFTER_SECONDS + 1, True)]
)
def test_a_partition_is_stalled_after_two_minutes(seconds: float, *, is_told: bool) -> None:
    """A partition that has not advanced for two minutes is stalled, with offset, events and seconds in the reason."""
    said = stalled({3: Backlog(5, 9, 0.0)}, seconds)
    text = f"4 events wait at offset 5, where nothing was read for {seconds:.0f} s"
    assert said == ({3: text} if is_told else {})


def test_a_partition_beyond_its_end_is_reported() -> None:
    """An offset beyond the end is reported, because new records would not be read."""
    assert stalled({3: Backlog(20, 9, 0.0)}, STALLED_AFTER_SECONDS + 1) == {
        3: "its next offset is 20, but its log ends at 9"
    }


def test_a_stalled_partition_reaches_health(raw_topic: RawTopic, bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """One stalled partition makes the processor down until it is read."""
    monkeypatch.setattr(partition_progress, "STALLED_AFTER_SECONDS", -1.0)
    health = Health(DatabaseClock())
    health.mark_running()
    retrier = BackgroundRetrier(health.dependencies, Event(), Random(0), bench.database.close, lambda _doing: None)
    monitor = PartitionProgressMonitor(raw_topic.topic, bench.database, retrier, health.partitions)
    monitor.check()
    assert health.status() == "ok"
    (sent,) = raw_topic.send(raw_topic.message(), partition=2)
    monitor.check()
    assert health.status() == "down"
    assert str(health.reason()).startswith("partition 2: 1 events wait at offset 0, where nothing was read for ")
    bench.connection.execute(
        "INSERT INTO consumer_progress (topic, topic_id, partition, next_offset) VALUES ('t', %s, 2, %s)",
        [raw_topic.topic.id(), sent.offset + 1],
    )
    monitor.check()
    assert health.status() == "ok"
