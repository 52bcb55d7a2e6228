"""After fencing: whether another member really has our name decides; without an answer nothing is decided."""

import threading
from typing import Any

import pytest
from confluent_kafka.admin import AdminClient
from structlog.testing import capture_logs
from tests.fixtures.lost_client import lost_admin_client
from tests.fixtures.servers import RunningServers
from tests.fixtures.waiting import DEADLINE_SECONDS, eventually

from event_platform.core.connections import kafka, replaceable_client
from event_platform.core.connections.replaceable_client import ReplaceableClient
from event_platform.core.settings.model import Settings
from event_platform.processor.consumer import duplicate_member
from event_platform.processor.consumer.duplicate_member import DuplicateMemberCheck
from event_platform.processor.database_clock import DatabaseClock
from event_platform.processor.monitoring.health import Health, ServiceState


class Counting(AdminClient):
    """A client that counts its requests for the group."""

    asked = 0

    def list_groups(self, *args: Any, **options: Any) -> Any:  # noqa: ANN401 - the library's own
        """Count the request, and send it."""
        self.asked += 1
        return super().list_groups(*args, **options)


def test_no_answer_from_kafka_is_no_duplicate(
    servers: RunningServers, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without an answer no ERROR blames a duplicate; when Kafka answers that there is none, the worker joins again."""
    monkeypatch.setattr(duplicate_member, "CHECK_INTERVAL_SECONDS", 0.1)
    monkeypatch.setattr(duplicate_member, "CONFIRM_AFTER_SECONDS", 0.1)
    monkeypatch.setattr(duplicate_member, "METADATA_TIMEOUT_SECONDS", 0.5)
    counting = ReplaceableClient[AdminClient](
        lambda: Counting(kafka.client_config(settings, "tests")), settings.topic_raw
    )
    admin, health, stop = counting.current, Health(DatabaseClock()), threading.Event()
    assert isinstance(admin, Counting)
    one = DuplicateMemberCheck(counting, settings.kafka_group, "alone")
    waiting = threading.Thread(target=one.wait_until_gone, args=(health, stop))
    servers.pause("kafka")
    with capture_logs() as logged:
        waiting.start()
        try:
            eventually(lambda: admin.asked > 3, "questions without an answer")
            states = [health.state]
            servers.resume("kafka")
            eventually(lambda: not waiting.is_alive(), "an answer")
            states.append(health.state)
        finally:
            stop.set()
            waiting.join(DEADLINE_SECONDS)
    assert states == [ServiceState.FENCED, ServiceState.STARTING]
    assert [line for line in logged if line["log_level"] == "error"] == []


def test_a_lost_admin_client_is_replaced(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """An admin client that finds no broker is replaced, and the new one learns that there is no duplicate."""
    monkeypatch.setattr(duplicate_member, "CHECK_INTERVAL_SECONDS", 0.1)
    monkeypatch.setattr(duplicate_member, "METADATA_TIMEOUT_SECONDS", 0.5)
    monkeypatch.setattr(replaceable_client, "RECONNECT_SECONDS", 0.5)
    health, stop = Health(DatabaseClock()), threading.Event()
    one = DuplicateMemberCheck(lost_admin_client(settings), settings.kafka_group, "alone")
    waiting = threading.Thread(target=one.wait_until_gone, args=(health, stop))
    waiting.start()
    try:
        eventually(lambda: health.state is ServiceState.STARTING and not waiting.is_alive(), "an answer")
    finally:
        stop.set()
        waiting.join(DEADLINE_SECONDS)
