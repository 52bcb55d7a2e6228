"""P2, P5: after Kafka truncated its log in an unclean restart, no later record is skipped or mixed up."""

import re
from typing import Any

import httpx
import pytest
from tests.fixtures.error_watch import ExpectErrors
from tests.fixtures.raw_topic import RawTopic
from tests.fixtures.rewind_command import Rewind, command_in
from tests.fixtures.servers import RunningServers
from tests.fixtures.services import RunService, Service
from tests.fixtures.waiting import eventually

pytestmark = pytest.mark.usefixtures("loud_outages")

PARTITION = 3


@pytest.fixture(autouse=True)
def _stops_are_expected(expect_errors: ExpectErrors) -> None:
    expect_errors("partition stopped")


def _send_good(raw_topic: RawTopic, count: int) -> None:
    raw_topic.send(*(raw_topic.message() for _ in range(count)), partition=PARTITION)


def _reason(processor: Service) -> str:
    """Return why the partition is stopped, or an empty string."""
    try:
        return str(processor.health().get("stopped_partitions", {}).get(str(PARTITION), ""))
    except (httpx.TransportError, ValueError):
        return ""


@pytest.mark.parametrize("is_up", [True, False])
def test_records_after_a_truncation_are_stored(
    raw_topic: RawTopic,
    run_service: RunService,
    servers: RunningServers,
    rewind: Rewind,
    *,
    is_up: bool,
) -> None:
    """New records fill the truncated offsets, and go beyond the position of the processor.

    The partition stops, red, whether a worker saw it happen or comes later; the others are read on. The command that
    its health names brings in every event, also a dead letter at an offset where there was another one before.
    """
    first = run_service("processor")
    start = raw_topic.topic.watermarks([PARTITION])[PARTITION].high
    _send_good(raw_topic, 8)
    raw_topic.send(b"rubbish before", partition=PARTITION)
    raw_topic.await_processed()
    if not is_up:
        first.stop()
    servers.cut_log(raw_topic.settings.topic_raw, PARTITION, start + 8)
    (again,) = raw_topic.send(b"rubbish after", partition=PARTITION)
    _send_good(raw_topic, 20)
    processor = first if is_up else run_service("processor", wait_until_ready=False)
    reason = eventually(lambda: _reason(processor), "a stopped partition")
    assert again.offset == start + 8
    assert not processor.is_ready()
    (other,) = raw_topic.send(raw_topic.message(), partition=(PARTITION + 1) % 6)
    raw_topic.await_row(other.value or b"")
    assert f"--to {again.offset}`" in reason
    rewind(*command_in(reason))
    raw_topic.await_processed()
    raw_topic.assert_balanced()
    processor.wait_until_ready()
    _assert_letters_are_told_apart(raw_topic, again.offset)


def _failed_attempts(processor: Service) -> float:
    found = re.search(r'processor_failed_attempts_total\{doing="storing a batch"\} (\S+)', processor.metrics())
    return float(found[1]) if found else 0.0


def _assert_letters_are_told_apart(raw_topic: RawTopic, offset: int) -> None:
    """Two dead letters of one offset differ in the leader epochs of their headers."""
    topic_id = raw_topic.topic.id().encode()

    def published() -> dict[int, str]:
        found = {}
        for message in raw_topic.dead_letters_published():
            headers: dict[str, Any] = dict(message.headers() or ())
            if headers["source-offset"] == str(offset).encode() and headers["source-topic-id"] == topic_id:
                found[int(headers["source-leader-epoch"])] = (message.value() or b"").decode()
        return found

    letters = eventually(lambda: found if len(found := published()) == 2 else None, "both dead letters")
    before, after = (letters[epoch] for epoch in sorted(letters))
    assert '"rubbish before"' in before
    assert '"rubbish after"' in after


def test_records_fetched_before_a_truncation_are_stored(
    raw_topic: RawTopic, run_service: RunService, servers: RunningServers, rewind: Rewind
) -> None:
    """Records in flight during an outage of Postgres are stored, although Kafka loses them meanwhile."""
    processor = run_service("processor")
    raw_topic.send(raw_topic.message(), partition=PARTITION)
    raw_topic.await_processed()
    with raw_topic.connect() as connection, connection.transaction():
        connection.execute("LOCK TABLE consumer_progress IN EXCLUSIVE MODE")
        in_hand = raw_topic.send(*(raw_topic.message() for _ in range(3)), partition=PARTITION)
        eventually(lambda: processor.health()["oldest_unprocessed_seconds"], "a batch that waits")
        eventually(lambda: _failed_attempts(processor), "a batch that was tried")
        servers.cut_log(raw_topic.settings.topic_raw, PARTITION, in_hand[0].offset)
        _send_good(raw_topic, 10)
        eventually(lambda: "truncation" in processor.log(), "Kafka's refusal")
        before = _failed_attempts(processor)
        eventually(lambda: _failed_attempts(processor) > before, "a batch that is tried again")
    for sent in in_hand:
        raw_topic.await_row(sent.value or b"")
    rewind(*command_in(eventually(lambda: _reason(processor), "a stopped partition")))
    raw_topic.await_processed()
    raw_topic.assert_balanced()


def test_truncation_without_new_records_resumes_where_the_log_was_cut(
    raw_topic: RawTopic, run_service: RunService, servers: RunningServers, rewind: Rewind
) -> None:
    """Without new records and without a running worker, the suggested command does not reread the whole topic."""
    processor = run_service("processor")
    _send_good(raw_topic, 5)
    (last,) = raw_topic.send(raw_topic.message(), partition=PARTITION)
    raw_topic.await_processed()
    processor.stop()
    servers.cut_log(raw_topic.settings.topic_raw, PARTITION, last.offset)
    again = run_service("processor", wait_until_ready=False)
    reason = eventually(lambda: _reason(again), "a stopped partition")
    assert f"--to {last.offset}`" in reason
    rewind(*command_in(reason))
    _send_good(raw_topic, 3)
    raw_topic.await_processed()
    raw_topic.assert_balanced()
