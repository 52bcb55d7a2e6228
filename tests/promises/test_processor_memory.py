"""P10: a backlog stays in Kafka, not in memory."""

import time

import psutil
import pytest
from tests.fixtures.error_watch import ExpectErrors
from tests.fixtures.raw_topic import RawTopic
from tests.fixtures.servers import RunningServers
from tests.fixtures.services import RunService
from tests.fixtures.waiting import let_pass

SMALL = 200_000
LARGE = 2_500
LARGE_BYTES = 200_000
MOST_BYTES = 400_000_000
"""Less than the large events alone; it holds the client's queue, the batch in flight and the one after it."""


@pytest.mark.long
@pytest.mark.timeout(1_800)
@pytest.mark.parametrize("seconds", [30, 600])
def test_memory_is_bounded_through_an_outage(
    servers: RunningServers, raw_topic: RawTopic, run_service: RunService, expect_errors: ExpectErrors, seconds: float
) -> None:
    """Postgres is stuck, then stopped, while Kafka holds far more than memory may; afterwards all is stored."""
    expect_errors("still unavailable")
    processor = run_service("processor")
    raw_topic.send_good(10_000)
    raw_topic.await_processed()
    servers.pause("postgres")
    for _ in range(SMALL // 10_000):
        raw_topic.send_good(10_000)
    for _ in range(LARGE // 100):
        raw_topic.send(*(raw_topic.message({"payload": {"text": "x" * LARGE_BYTES}}) for _ in range(100)))
    most = _most_memory(processor.pid, seconds / 2)
    servers.kill("postgres")
    most = max(most, _most_memory(processor.pid, seconds / 2))
    servers.start("postgres")
    raw_topic.await_processed(300)
    assert max(most, psutil.Process(processor.pid).memory_info().rss) < MOST_BYTES
    raw_topic.assert_balanced()


def _most_memory(pid: int, seconds: float) -> int:
    """Return the most memory, in bytes, that a process uses within ``seconds``."""
    process, most, end = psutil.Process(pid), 0, time.monotonic() + seconds
    while time.monotonic() < end:
        most = max(most, process.memory_info().rss)
        let_pass(0.5)
    return most
