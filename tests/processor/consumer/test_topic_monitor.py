"""Kafka is checked for as long as the processor runs, whatever happens to a check or to the client."""

import threading

import pytest
from structlog.testing import capture_logs
from tests.fixtures.lost_client import lost_admin_client
from tests.fixtures.raw_topic import RawTopic
from tests.fixtures.waiting import DEADLINE_SECONDS, eventually

from event_platform.core.connections import replaceable_client
from event_platform.core.settings.model import Settings
from event_platform.processor.consumer import topic_metadata, topic_monitor
from event_platform.processor.consumer.topic_metadata import Topic
from event_platform.processor.consumer.topic_monitor import TopicMonitor
from event_platform.processor.database_clock import DatabaseClock
from event_platform.processor.monitoring.health import Health


def test_a_failed_check_is_not_the_last(
    raw_topic: RawTopic, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An unexpected error while a lost client is replaced is logged, and the next check replaces it."""
    monkeypatch.setattr(topic_monitor, "CHECK_INTERVAL_SECONDS", 0.1)
    monkeypatch.setattr(topic_metadata, "METADATA_TIMEOUT_SECONDS", 0.5)
    monkeypatch.setattr(replaceable_client, "RECONNECT_SECONDS", 0.5)
    stop, name = threading.Event(), settings.topic_raw
    monitor = TopicMonitor(
        Topic(lost_admin_client(settings, fails_once=True), name), Health(DatabaseClock()).dependencies
    )
    watching = threading.Thread(target=monitor.run, args=(stop,))
    with capture_logs() as logged:
        watching.start()
        try:
            eventually(lambda: monitor.topic_id == raw_topic.topic.id(), "the topic's id")
        finally:
            stop.set()
            watching.join(DEADLINE_SECONDS)
    assert [line["event"] for line in logged if line["log_level"] == "error"] == ["topic check failed"]
