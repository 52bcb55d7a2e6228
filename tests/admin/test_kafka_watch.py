"""The client that the admin API's parts share is looked at for as long as it runs, whatever becomes of a look."""

import asyncio
from contextlib import suppress

import pytest
from confluent_kafka.admin import AdminClient
from structlog.testing import capture_logs
from tests.fixtures.lost_client import lost_admin_client
from tests.fixtures.waiting import DEADLINE_SECONDS, eventually

from event_platform.admin import kafka_watch
from event_platform.admin.kafka_watch import KafkaWatch
from event_platform.core.connections import replaceable_client
from event_platform.core.connections.replaceable_client import ReplaceableClient, finds_brokers
from event_platform.core.settings.declaration import Settings


async def watch_until_replaced(admin: ReplaceableClient[AdminClient]) -> None:
    """Run the watch until it goes on with another client."""
    lost = admin.current
    watching = asyncio.create_task(KafkaWatch(admin).run())
    try:
        await asyncio.to_thread(eventually, lambda: watching.done() or admin.current is not lost, "a new client")
    finally:
        watching.cancel()
        with suppress(asyncio.CancelledError):
            await watching


def test_a_look_that_failed_is_not_the_last(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """The client is lost, and replacing it fails by surprise: that is told, and the next look replaces it."""
    monkeypatch.setattr(kafka_watch, "EVERY_SECONDS", 0.1)
    monkeypatch.setattr(replaceable_client, "RECONNECT_SECONDS", 0.5)
    admin = lost_admin_client(settings, fails_once=True)
    with capture_logs() as logged:
        asyncio.run(watch_until_replaced(admin))
    assert finds_brokers(admin.current, settings.topic_raw, DEADLINE_SECONDS)
    assert [line["event"] for line in logged if line["log_level"] == "error"] == ["looking at Kafka failed"]
