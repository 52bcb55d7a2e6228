"""The way to Redis: what it learns there beside its answers."""

import asyncio
import time

import pytest

from event_platform.core.connections import redis
from event_platform.core.settings.declaration import Settings
from event_platform.ingest import health
from event_platform.ingest.redis_address import RedisAddress
from event_platform.ingest.redis_link import RedisLink
from event_platform.ingest.standing import Standing


class Known(Standing):
    """One that tells when it was told anything."""

    def __init__(self, name: str) -> None:
        """Of nothing yet."""
        super().__init__(name)
        self.told = asyncio.Event()

    def rise(self) -> None:
        """It is well."""
        super().rise()
        self.told.set()

    def fall(self, error: str) -> None:
        """It is not."""
        super().fall(error)
        self.told.set()


@pytest.mark.parametrize(
    ("ahead_seconds", "error"),
    [(0, None), (-30, None), (3_600, "3600 s ahead of Redis'"), (-86_400, "86400 s behind Redis'")],
)
def test_a_clock_that_differs_is_said(settings: Settings, ahead_seconds: int, error: str | None) -> None:
    """Events are still accepted, but a person should look: their times are wrong, and may be too old to be stored."""
    clock, redis_standing, kafka = asyncio.run(_compare(settings, ahead_seconds))
    status, body = health.describe(redis_standing, kafka, clock, "accept")
    assert (status, body["status"]) == (200, "ok" if error is None else "degraded")
    told = [each["error"] for each in body["dependencies"] if each["name"] == "clock"]
    assert [error in text for text in told if error] == [True] * (error is not None)


async def _compare(settings: Settings, ahead_seconds: int) -> tuple[Standing, Standing, Standing]:
    clock, redis_standing, kafka = Known("clock"), Standing("redis"), Standing("kafka")
    kafka.rise()
    address = RedisAddress.parse(redis.url(settings))
    link = RedisLink(address, "return 1", redis_standing, clock, lambda: time.time() + ahead_seconds)
    connected = asyncio.create_task(link.keep_connected())
    async with asyncio.timeout(60):
        await clock.told.wait()
    connected.cancel()
    link.close()
    return clock, redis_standing, kafka
