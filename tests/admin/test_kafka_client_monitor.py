"""The shared AdminClient is checked for as long as the service runs, even if a check fails."""

import asyncio
from contextlib import suppress

import pytest
from confluent_kafka.admin import AdminClient
from structlog.testing import capture_logs
from tests.fixtures.lost_client import lost_admin_client
from tests.fixtures.waiting import DEADLINE_SECONDS, eventually

from event_platform.admin import kafka_client_monitor
from event_platform.admin.kafka_client_monitor import AdminClientMonitor
from event_platform.core.connections import replaceable_client
from event_platform.core.connections.replaceable_client import ReplaceableClient, finds_brokers
from event_platform.core.settings.model import Settings


async def monitor_until_replaced(admin: ReplaceableClient[AdminClient]) -> None:
    """Run the monitor until it has replaced the client."""
    lost = admin.current
    running = asyncio.create_task(AdminClientMonitor(admin).run())
    try:
        await asyncio.to_thread(eventually, lambda: running.done() or admin.current is not lost, "a new client")
    finally:
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running


def test_a_failed_check_is_not_the_last(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """Replacing a lost client raises once: that is logged, and the next check replaces it."""
    monkeypatch.setattr(kafka_client_monitor, "CHECK_INTERVAL_SECONDS", 0.1)
    monkeypatch.setattr(replaceable_client, "RECONNECT_SECONDS", 0.5)
    admin = lost_admin_client(settings, fails_once=True)
    with capture_logs() as logged:
        asyncio.run(monitor_until_replaced(admin))
    assert finds_brokers(admin.current, settings.topic_raw, DEADLINE_SECONDS)
    assert [line["event"] for line in logged if line["log_level"] == "error"] == [
        "checking the Kafka admin client failed"
    ]
