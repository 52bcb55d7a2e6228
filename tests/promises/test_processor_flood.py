"""P6, P10: bad events never stop the flow, a burst of them is logged once, and memory stays bounded."""

import itertools
import statistics
import time

import psutil
import pytest
from tests.fixtures.raw_topic import RawTopic
from tests.fixtures.services import RunService
from tests.fixtures.timing import Promised
from tests.fixtures.waiting import DEADLINE_SECONDS, eventually


def test_flood_of_bad_events_never_stops_the_flow(raw_topic: RawTopic, run_service: RunService) -> None:
    """Good events among thousands of bad ones are stored; the burst is logged once, with code and tenant."""
    processor = run_service("processor")
    bad = (raw_topic.message({"event_type": ""}, tenant_id="tenant_b") for _ in range(3_000))
    good = (raw_topic.message() for _ in range(30))
    mixed = itertools.chain.from_iterable(zip(*[bad] * 100, good, strict=False))
    raw_topic.send(*mixed, partition=0)
    raw_topic.await_processed()
    report = eventually(lambda: told if (told := processor.health())["dead_letter_burst"] else None, "the burst")
    assert report["status"] == "degraded"
    assert "VALIDATION_FAILED of tenant_b" in report["dead_letter_burst"]
    assert processor.log().count("burst of dead letters") == 1
    raw_topic.send_good(200)
    raw_topic.await_processed()
    raw_topic.assert_balanced()
    eventually(lambda: processor.health()["status"] == "ok", "good health")


def test_large_dead_letters_stay_bounded(raw_topic: RawTopic, run_service: RunService) -> None:
    """Hundreds of megabytes of dead letters pass through a fraction of that memory, and reach the topic."""
    processor = run_service("processor")
    for number in range(150):
        raw_topic.send(bytes([number % 256, 0xFF]) * 500_000)
    raw_topic.await_processed()
    eventually(lambda: is_published(raw_topic), "publishing", 2 * DEADLINE_SECONDS)
    assert psutil.Process(processor.pid).memory_info().rss < 400_000_000


def is_published(raw_topic: RawTopic) -> bool:
    """Tell whether the outbox is empty."""
    return bool(raw_topic.one("SELECT count(*) FROM dlq_events WHERE published_at IS NULL") == 0)


@pytest.mark.parametrize("rounds", [3, pytest.param(30, marks=[pytest.mark.long, pytest.mark.timeout(900)])])
def test_memory_is_flat(raw_topic: RawTopic, run_service: RunService, rounds: int) -> None:
    """After a warm-up, more events do not mean more memory."""
    processor = psutil.Process(run_service("processor").pid)
    raw_topic.send_good(15_000)
    raw_topic.await_processed()
    before = processor.memory_info().rss
    for _ in range(rounds):
        raw_topic.send_good(10_000)
        raw_topic.await_processed()
    assert processor.memory_info().rss < before * 1.3 + 20_000_000


@pytest.mark.timing
def test_single_event_does_not_wait_for_a_batch(
    raw_topic: RawTopic, run_service: RunService, promised: Promised
) -> None:
    """A single event is visible at once: it never waits for a batch to fill."""
    run_service("processor")

    def median_seconds() -> float:
        return statistics.median(_seconds_to_row(raw_topic) for _ in range(10))

    promised.within(0.5, median_seconds)


def _seconds_to_row(raw_topic: RawTopic) -> float:
    value = raw_topic.message()
    raw_topic.send(value)
    started = time.monotonic()
    raw_topic.await_row(value)
    return time.monotonic() - started
