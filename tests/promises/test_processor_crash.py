"""P2, P5: whatever happens to workers, no record is lost, and no row and no counter changes twice."""

import random
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from confluent_kafka import Consumer
from tests.fixtures.error_watch import ExpectErrors
from tests.fixtures.proxy import MakeProxy
from tests.fixtures.raw_topic import RawTopic
from tests.fixtures.services import RunService, Service
from tests.fixtures.timing import Promised
from tests.fixtures.waiting import eventually, let_pass

from event_platform.core.connections import kafka


@contextmanager
def load(raw_topic: RawTopic, per_round: int = 100) -> Iterator[None]:
    """Send good events, duplicates and malformed records inside the context."""
    stop = threading.Event()

    def send() -> None:
        while not stop.wait(0.05):
            good = [raw_topic.message() for _ in range(per_round)]
            raw_topic.send(*good, *good[:3], b"rubbish", raw_topic.message({"event_type": ""}))

    thread = threading.Thread(target=send)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


@pytest.mark.parametrize("kills", [3, pytest.param(50, marks=[pytest.mark.long, pytest.mark.timeout(600)])])
def test_killed_after_postgres_and_before_kafka(raw_topic: RawTopic, run_service: RunService, kills: int) -> None:
    """SIGKILL as soon as Postgres has committed, repeatedly: Kafka redelivers, and nothing counts twice."""
    for _ in range(kills):
        before = _progress(raw_topic)
        worker = run_service("processor")
        raw_topic.send_good(50)
        raw_topic.send(b"rubbish")
        _await_progress(raw_topic, before)
        worker.kill()
    run_service("processor")
    raw_topic.await_processed()
    raw_topic.assert_balanced()


def _await_progress(raw_topic: RawTopic, before: int) -> None:
    eventually(lambda: _progress(raw_topic) > before, "a commit")


def _progress(raw_topic: RawTopic) -> int:
    return int(raw_topic.one("SELECT coalesce(sum(next_offset), 0) FROM consumer_progress"))


@pytest.mark.parametrize("changes", [4, pytest.param(40, marks=[pytest.mark.long, pytest.mark.timeout(900)])])
def test_workers_come_and_go_under_load(raw_topic: RawTopic, run_service: RunService, changes: int) -> None:
    """Workers that join, stop and crash under load lose nothing and count nothing twice."""
    chance = random.Random(changes)
    running: list[Service] = []
    with load(raw_topic):
        for _ in range(changes):
            before = _progress(raw_topic)
            running.append(run_service("processor", wait_until_ready=False))
            # During its start, during the rebalance, or after it.
            let_pass(chance.uniform(0.5, 2.5))
            _await_progress(raw_topic, before)
            if len(running) > 1 and chance.random() < 0.7:
                leaver = running.pop(chance.randrange(len(running)))
                leaver.kill() if chance.random() < 0.5 else leaver.stop()
    raw_topic.await_processed()
    raw_topic.assert_balanced()


def test_worker_stopped_inside_copy(
    raw_topic: RawTopic, run_service: RunService, proxy: MakeProxy, environment: dict[str, str]
) -> None:
    """Another worker takes over from one that is paused inside COPY, which is fenced when it continues."""
    raw_topic.send(*(raw_topic.message({"payload": {"text": "x" * 10_000}}) for _ in range(3_000)))
    postgres = proxy(environment["DATABASE_URL"])
    postgres.stall_after(1_000_000)
    zombie = run_service("processor", DATABASE_URL=postgres.url, wait_until_ready=False)
    eventually(lambda: postgres.is_stalled, "a COPY that is not over")
    with raw_topic.connect() as connection:
        eventually(lambda: connection.execute(_COPYING).fetchone(), "Postgres to wait for the rest of it")
    zombie.freeze()
    successor = run_service("processor", wait_until_ready=False)
    raw_topic.await_processed()
    postgres.heal()
    zombie.thaw()
    raw_topic.send_good(200)
    raw_topic.await_processed()
    zombie.wait_until_ready()
    raw_topic.assert_balanced()
    assert "terminated backends of a stopped processor" in successor.log()


_COPYING = """
SELECT 1 FROM pg_stat_activity
WHERE query LIKE 'COPY events%' AND state = 'active' AND wait_event = 'ClientRead' AND datname = current_database()
"""


@pytest.mark.long
@pytest.mark.timeout(300)
def test_stopped_beyond_max_poll_interval(raw_topic: RawTopic, run_service: RunService) -> None:
    """A worker paused beyond ``max.poll.interval.ms`` has lost its partitions, and changes nothing."""
    zombie = run_service("processor")
    successor = run_service("processor")
    with load(raw_topic):
        zombie.freeze()
        let_pass(75)
        zombie.thaw()
        zombie.wait_until_ready()
    raw_topic.await_processed()
    assert successor.is_ready()
    raw_topic.assert_balanced()


def test_sigterm_while_storing_ends_cleanly(raw_topic: RawTopic, run_service: RunService) -> None:
    """The batch in flight is stored whole or not at all, and the exit status is 0."""
    _stop_amid_work(raw_topic, run_service)
    run_service("processor", wait_until_ready=False)
    raw_topic.await_processed()
    raw_topic.assert_balanced()


@pytest.mark.timing
def test_sigterm_ends_within_five_seconds(raw_topic: RawTopic, run_service: RunService, promised: Promised) -> None:
    """Also while it stores."""
    promised.within(5, lambda: _stop_amid_work(raw_topic, run_service))


def _stop_amid_work(raw_topic: RawTopic, run_service: RunService) -> float:
    """Stop a worker that has begun to store thousands of events; return the seconds that it took."""
    raw_topic.send_good(15_000)
    before = raw_topic.one("SELECT count(*) FROM events")
    worker = run_service("processor", wait_until_ready=False)
    eventually(lambda: raw_topic.one("SELECT count(*) FROM events") > before, "the first rows")
    started = time.monotonic()
    assert worker.stop() == 0
    return time.monotonic() - started


@pytest.mark.timing
def test_restarted_worker_continues_at_once(raw_topic: RawTopic, run_service: RunService, promised: Promised) -> None:
    """A restarted worker has its partitions without waiting for the session timeout."""

    def seconds_to_next_row() -> float:
        run_service("processor").kill()
        started = time.monotonic()
        worker = run_service("processor")
        (good,) = raw_topic.send(raw_topic.message())
        assert good.value
        raw_topic.await_row(good.value)
        seconds = time.monotonic() - started
        assert worker.is_ready()
        worker.stop()
        return seconds

    promised.within(8, seconds_to_next_row)


def test_second_process_with_the_same_name(run_service: RunService, expect_errors: ExpectErrors) -> None:
    """Of two processes with one name, the fenced one reports the setting in health, and does not rejoin."""
    expect_errors("WORKER_ID")
    first = run_service("processor", WORKER_ID="twin")
    second = run_service("processor", WORKER_ID="twin", wait_until_ready=False)
    eventually(lambda: "WORKER_ID" in first.log() + second.log(), "fencing")
    eventually(lambda: first.is_ready() != second.is_ready(), "one of the two being red")


@pytest.mark.long
def test_fenced_worker_rejoins_when_nobody_uses_its_name(raw_topic: RawTopic, run_service: RunService) -> None:
    """Kafka at times fences a single process: it rejoins by itself once no other member has its name."""
    worker = run_service("processor", WORKER_ID="alone")
    other = Consumer(
        {
            **kafka.client_config(raw_topic.settings, "tests"),
            "group.id": raw_topic.settings.kafka_group,
            "group.instance.id": "alone-0",
            "session.timeout.ms": 6_000,
        }
    )
    other.subscribe([raw_topic.settings.topic_raw])

    def is_fenced() -> bool:
        other.poll(0.1)
        return not worker.is_ready()

    eventually(is_fenced, "fencing")
    other.close()
    (sent,) = raw_topic.send_good(1)
    assert sent.value
    worker.wait_until_ready()
    raw_topic.await_row(sent.value)
