"""What prevents the processor from starting, and what does not."""

import socket
from dataclasses import replace
from functools import partial

import pytest
from tests.fixtures.raw_topic import RawTopic
from tests.fixtures.services import RunService, Service
from tests.fixtures.waiting import eventually

from event_platform.core import topics
from event_platform.core.connections import kafka


def test_contradicting_size_limits_prevent_the_start(raw_topic: RawTopic, run_service: RunService) -> None:
    """Topics whose size limits contradict each other prevent the start; the message names both."""
    narrow = raw_topic.settings.model_copy(update={"topic_dlq": f"{raw_topic.settings.topic_dlq}.narrow"})
    topics.create(kafka.admin_client(narrow), [replace(topics.dlq_topic(narrow), max_message_bytes=100_000)])
    start = partial(run_service, "processor", wait_until_ready=False, TOPIC_DLQ=narrow.topic_dlq)
    processor = eventually(lambda: checked(start()), "a start with a Kafka that says what it has")
    assert processor.wait_until_ended() == 1
    assert f"topic {narrow.topic_dlq} has max.message.bytes=100000" in processor.log()


def checked(processor: Service) -> Service | None:
    """Return the processor, unless a busy Kafka did not answer in time, so that it started without the check."""
    missed = "topics could not be checked"
    eventually(lambda: processor.process.poll() is not None or missed in processor.log(), "an end, or why not")
    return processor if missed not in processor.log() else None


def test_a_missing_dead_letter_topic_does_not_prevent_storing(raw_topic: RawTopic, run_service: RunService) -> None:
    """Without the dead-letter topic, good events are stored."""
    run_service("processor", wait_until_ready=False, TOPIC_DLQ="nowhere.dlq")
    (sent,) = raw_topic.send_good(1)
    assert sent.value
    assert raw_topic.await_row(sent.value)


@pytest.mark.parametrize("workers", ["1", "2"])
def test_a_taken_port_prevents_the_start(run_service: RunService, workers: str) -> None:
    """It exits at once and names the setting, with several workers too; no worker process is left."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        processor = run_service("processor", "--workers", workers, wait_until_ready=False, PROCESSOR_PORT=port)
        assert processor.wait_until_ended() == 1
    assert "set PROCESSOR_PORT to a free port" in processor.log()
