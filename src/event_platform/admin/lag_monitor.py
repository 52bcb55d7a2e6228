"""Measures the processor's lag again and again, for its trend, and for whoever asks."""

import asyncio
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from functools import partial
from typing import Final, TypeVar

from confluent_kafka.admin import AdminClient

from event_platform.admin import group_members, lag
from event_platform.admin.bystander import Bystander
from event_platform.admin.lag import Measurement, Trend
from event_platform.admin.refreshed import Refreshed
from event_platform.admin.responses import Lag
from event_platform.core.connections.replaceable_client import ReplaceableClient
from event_platform.core.errors import UnavailableError
from event_platform.core.settings.declaration import Settings

ANSWER_SECONDS: Final = 4.0
SAMPLE_SECONDS: Final = 5.0
MAX_AGE_SECONDS: Final = 1.0

Result = TypeVar("Result")


class LagMonitor:
    """Knows how far the processor is behind, as long as `run` runs."""

    def __init__(self, settings: Settings, admin: ReplaceableClient[AdminClient]) -> None:
        """Connect at the first measurement.

        Raises:
            ConfigurationError: No Kafka is named.
        """
        self._admin = admin
        self._read_members = partial(group_members.read, group=settings.kafka_group, topic=settings.topic_raw)
        self._bystander = Bystander(settings)
        # A thread of its own, because Kafka's clients block while they ask.
        self._thread = ThreadPoolExecutor(1, "bystander")
        self._trend = Trend()
        self._latest = Refreshed(self._take, MAX_AGE_SECONDS)
        self._replacing: asyncio.Future[None] | None = None

    async def read(self) -> Lag:
        """The lag of this moment, at most a second old; never raises, never takes longer than four seconds."""
        return await self._latest.get()

    async def run(self) -> None:
        """Sample for the trend until cancelled."""
        await self._latest.repeat(SAMPLE_SECONDS)

    async def close(self) -> None:
        """Let go of the connections."""
        await self._latest.end()
        await asyncio.get_running_loop().run_in_executor(self._thread, self._bystander.close)
        self._thread.shutdown()

    async def _take(self) -> Lag:
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                measured = await self._measure()
        except UnavailableError as error:
            self._replace_bystander_if_lost()
            return lag.unknown(str(error), datetime.now(UTC))
        except TimeoutError:
            return lag.unknown(f"Kafka did not answer within {ANSWER_SECONDS:.0f} s", datetime.now(UTC))
        self._trend.add(time.monotonic(), measured.total)
        return lag.describe(measured, self._trend.per_second(), datetime.now(UTC))

    async def _measure(self) -> Measurement:
        offsets = await self._blocking(self._bystander.offsets)
        members = await self._blocking(partial(self._read_members, self._admin.current))
        starts = {partition: each.start for partition, each in offsets.items() if each.lag > 0}
        oldest_at = await self._blocking(lambda: self._bystander.first_produced_at(starts)) if starts else None
        missing = "the oldest waiting message could not be read in time" if starts and not oldest_at else None
        return Measurement(offsets, members.readers, members.count, oldest_at, missing)

    def _replace_bystander_if_lost(self) -> None:
        """Nobody waits for it; the next measurement comes behind it, in the same thread."""
        if self._replacing is None or self._replacing.done():
            loop = asyncio.get_running_loop()
            self._replacing = loop.run_in_executor(self._thread, self._bystander.replace_if_lost)

    async def _blocking(self, work: Callable[[], Result]) -> Result:
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)
