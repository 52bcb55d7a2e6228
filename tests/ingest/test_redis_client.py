"""The Redis client: what it finds out beside the answers of the script."""

import asyncio
import time

import pytest

from event_platform.core.connections import redis
from event_platform.core.settings.model import Settings
from event_platform.ingest import health
from event_platform.ingest.dependency_status import DependencyStatus
from event_platform.ingest.redis_address import RedisAddress
from event_platform.ingest.redis_client import RedisScriptClient


class ObservableStatus(DependencyStatus):
    """A status that reports its first change."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.changed = asyncio.Event()

    def mark_up(self) -> None:
        """Report the change."""
        super().mark_up()
        self.changed.set()

    def mark_down(self, error: str) -> None:
        """Report the change."""
        super().mark_down(error)
        self.changed.set()


@pytest.mark.parametrize(
    ("ahead_seconds", "error"),
    [(0, None), (-30, None), (3_600, "3600 s ahead of Redis'"), (-86_400, "86400 s behind Redis'")],
)
def test_clock_difference_degrades_health(settings: Settings, ahead_seconds: int, error: str | None) -> None:
    """Health is degraded by a wrong clock: events are accepted, but their times may be too old to be stored."""
    clock, redis_status, kafka = asyncio.run(_check_clock(settings, ahead_seconds))
    status, body = health.describe(redis_status, kafka, clock, "accept")
    assert (status, body["status"]) == (200, "ok" if error is None else "degraded")
    errors = [each["error"] for each in body["dependencies"] if each["name"] == "clock"]
    assert [error in text for text in errors if error] == [True] * (error is not None)


async def _check_clock(
    settings: Settings, ahead_seconds: int
) -> tuple[DependencyStatus, DependencyStatus, DependencyStatus]:
    clock, redis_status, kafka = ObservableStatus("clock"), DependencyStatus("redis"), DependencyStatus("kafka")
    kafka.mark_up()
    address = RedisAddress.parse(redis.url(settings))
    client = RedisScriptClient(address, "return 1", redis_status, clock, lambda: time.time() + ahead_seconds)
    connected = asyncio.create_task(client.keep_connected())
    async with asyncio.timeout(60):
        await clock.changed.wait()
    connected.cancel()
    client.close()
    return clock, redis_status, kafka
