"""P10: background tasks of the processor have deadlines, too, and a stuck one is reported."""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager

import httpx
import pytest
from tests.fixtures.raw_topic import RawTopic
from tests.fixtures.servers import RunningServers
from tests.fixtures.services import RunService, Service
from tests.fixtures.waiting import eventually


@contextmanager
def stopped_backend(raw_topic: RawTopic, servers: RunningServers, last_statement: str) -> Iterator[None]:
    """Stop the Postgres backend whose last statement was ``last_statement``."""
    find = "SELECT pid FROM pg_stat_activity WHERE state = 'idle' AND query LIKE %s AND pid <> pg_backend_pid()"
    ((pid,),) = eventually(lambda: raw_topic.query(find, last_statement), "the thread's backend")
    assert pid != servers.pid("postgres")
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


@pytest.mark.parametrize(
    ("last_statement", "doing"),
    [
        ("SELECT clock_timestamp()%", "asking for the time"),
        ("%published_at IS NULL LIMIT%unpublished", "publishing dead letters"),
    ],
)
def test_stuck_background_task_is_reported(
    raw_topic: RawTopic, run_service: RunService, servers: RunningServers, last_statement: str, doing: str
) -> None:
    """Postgres never answers the retention task or the outbox: health reports it, and events are stored."""
    processor = run_service("processor")
    with stopped_backend(raw_topic, servers, last_statement):
        eventually(lambda: f"{doing}: not done after" in _error(processor), "the reason in its health")
        assert_degraded_but_storing(raw_topic, processor)
    eventually(lambda: processor.health()["status"] == "ok", "good health")


def test_background_task_waiting_for_a_lock_is_reported(raw_topic: RawTopic, run_service: RunService) -> None:
    """A lock on a table with old data degrades the processor, which stays ready."""
    with raw_topic.connect() as connection, connection.transaction():
        connection.execute("LOCK TABLE duplicate_requests")
        processor = run_service("processor")
        eventually(lambda: "making days and dropping old ones" in _error(processor), "the reason in its health")
        assert_degraded_but_storing(raw_topic, processor)
    eventually(lambda: processor.health()["status"] == "ok", "good health")


def assert_degraded_but_storing(raw_topic: RawTopic, processor: Service) -> None:
    """Health is degraded with a reason, and every event is stored."""
    assert processor.health()["status"] == "degraded"
    (sent,) = raw_topic.send(raw_topic.message())
    raw_topic.await_row(sent.value or b"")
    assert processor.is_ready()


def _error(processor: Service) -> str:
    try:
        return str(processor.health()["error"])
    except httpx.TransportError:
        return ""
