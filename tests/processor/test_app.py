"""What stops the processor's start, and what does not."""

import socket

import pytest
from confluent_kafka.admin import AdminClient, AlterConfigOpType, ConfigEntry, ConfigResource, ResourceType
from tests.fixtures.raw_topic import RawTopic
from tests.fixtures.services import RunService

from event_platform.core import kafka


def test_dead_letters_that_would_not_fit_stop_the_start(raw_topic: RawTopic, run_service: RunService) -> None:
    """Topics whose limits contradict each other stop the start, with both named."""
    settings = raw_topic.settings
    admin = kafka.admin_client(settings)
    _limit(admin, settings.topic_dlq, "100000")
    try:
        processor = run_service("processor", wait_until_ready=False)
        assert processor.process.wait(30) == 1
        assert f"topic {settings.topic_dlq} has max.message.bytes=100000" in processor.log()
    finally:
        _limit(admin, settings.topic_dlq, "4000000")


def test_a_missing_dead_letter_topic_does_not(raw_topic: RawTopic, run_service: RunService) -> None:
    """Without the dead letters' topic good events are stored all the same."""
    run_service("processor", wait_until_ready=False, TOPIC_DLQ="nowhere.dlq")
    (sent,) = raw_topic.send_good(1)
    assert sent.value
    assert raw_topic.await_row(sent.value)


def _limit(admin: AdminClient, topic: str, limit: str) -> None:
    entry = ConfigEntry("max.message.bytes", limit, incremental_operation=AlterConfigOpType.SET)
    resource = ConfigResource(ResourceType.TOPIC, topic, incremental_configs=[entry])
    admin.incremental_alter_configs([resource])[resource].result(10)


@pytest.mark.parametrize("workers", ["1", "2"])
def test_a_taken_port_stops_the_start(run_service: RunService, workers: str) -> None:
    """With several workers, too, it ends at once and names the setting; no worker stays behind."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        processor = run_service("processor", "--workers", workers, wait_until_ready=False, PROCESSOR_PORT=port)
        assert processor.process.wait(20) == 1
    assert "set PROCESSOR_PORT to a free port" in processor.log()
