"""Calls to a server that never return."""

import re
import threading
import time
from random import Random

import pytest
from tests.fixtures.waiting import DEADLINE_SECONDS, eventually
from tests.processor.conftest import Bench

from event_platform.processor.database_clock import DatabaseClock
from event_platform.processor.monitoring.health import Health
from event_platform.processor.outages import stuck_detector
from event_platform.processor.outages.retry import Attempt, BackgroundRetrier, Retrier
from event_platform.processor.outages.stuck_detector import StuckDetector


@pytest.fixture
def health() -> Health:
    """Health of a running processor."""
    made = Health(DatabaseClock())
    made.mark_running()
    return made


def test_a_long_attempt_is_down_until_it_ends(bench: Bench, health: Health) -> None:
    """A long attempt is reported with its duration before anything fails, until it ends."""
    retrier = Retrier(health.dependencies, threading.Event(), Random(0), bench.database.close, lambda _doing: None)
    detector = StuckDetector(retrier, bench.database, health.dependencies)
    retrier.attempt = Attempt("storing a batch", "postgres", time.monotonic() - stuck_detector.DOWN_AFTER_SECONDS + 5)
    detector.check()
    assert health.status() == "ok"
    bench.database.last_used_at = 0.0
    retrier.attempt = Attempt("storing a batch", "postgres", time.monotonic() - stuck_detector.DOWN_AFTER_SECONDS - 1)
    detector.check()
    assert health.status() == "down"
    assert re.search(r"storing a batch: not done after \d+ s", str(health.report()["dependencies"]))
    retrier.attempt = None
    detector.check()
    assert health.status() == "ok"


def test_each_step_of_an_attempt_has_its_own_time(bench: Bench, health: Health) -> None:
    """An attempt that keeps asking for its connection makes progress, however long it takes in all."""
    retrier = Retrier(health.dependencies, threading.Event(), Random(0), bench.database.close, lambda _doing: None)
    detector = StuckDetector(retrier, bench.database, health.dependencies)
    retrier.attempt = Attempt("storing a batch", "postgres", time.monotonic() - 600)
    bench.database.connection()
    detector.check()
    assert health.status() == "ok"


def test_a_stuck_background_task_is_degraded(bench: Bench, health: Health) -> None:
    """A stuck background task degrades the processor, which still stores events."""
    retrier = BackgroundRetrier(
        health.dependencies, threading.Event(), Random(0), bench.database.close, lambda _doing: None
    )
    retrier.attempt = Attempt("dropping old days", "postgres", time.monotonic() - stuck_detector.DOWN_AFTER_SECONDS - 1)
    bench.database.last_used_at = 0.0
    StuckDetector(retrier, bench.database, health.dependencies).check()
    assert health.status() == "degraded"
    assert "dropping old days: not done after" in str(health.reason())


def test_a_stuck_attempt_loses_its_connection(bench: Bench, health: Health) -> None:
    """A statement that would wait for ever fails when the detector breaks its connection, and is retried."""
    retrier = Retrier(health.dependencies, threading.Event(), Random(0), bench.database.close, lambda _doing: None)
    detector = StuckDetector(retrier, bench.database, health.dependencies)
    results: list[object] = []

    def work() -> object:
        connection = bench.database.connection()
        if not results:
            results.append("hung")
            connection.execute("SELECT pg_sleep(600)")
        return connection.execute("SELECT 7").fetchone()

    thread = threading.Thread(target=lambda: results.append(retrier.run(work, "waiting")))
    thread.start()
    eventually(lambda: retrier.attempt and results, "the statement to hang")
    retrier.attempt = Attempt("waiting", "postgres", time.monotonic() - stuck_detector.ABORT_AFTER_SECONDS - 1)
    bench.database.last_used_at = 0.0
    detector.check()
    thread.join(DEADLINE_SECONDS)
    assert results == ["hung", (7,)]
