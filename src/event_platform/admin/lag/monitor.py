"""Lag of the processor, measured periodically for its trend and on request."""

import asyncio
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from functools import partial
from typing import Final, TypeVar

from confluent_kafka.admin import AdminClient

from event_platform.admin.lag import group_members, measurement
from event_platform.admin.lag.measurement import LagMeasurement
from event_platform.admin.lag.offset_reader import OffsetReader
from event_platform.admin.lag.trend import Trend
from event_platform.admin.responses.lag import Lag
from event_platform.admin.shared_result import SharedResult
from event_platform.core.connections.replaceable_client import ReplaceableClient
from event_platform.core.errors import UnavailableError
from event_platform.core.settings.model import Settings

TIMEOUT_SECONDS: Final = 4.0
SAMPLE_INTERVAL_SECONDS: Final = 5.0
MAX_AGE_SECONDS: Final = 1.0

Returned = TypeVar("Returned")


class LagMonitor:
    """Measures how far the processor is behind, and keeps the trend while `run` is running."""

    def __init__(self, settings: Settings, admin: ReplaceableClient[AdminClient]) -> None:
        """Prepare the clients, which connect at the first measurement.

        Raises:
            ConfigurationError: No Kafka is configured.
        """
        self._admin = admin
        self._read_members = partial(group_members.read, group=settings.kafka_group, topic=settings.topic_raw)
        self._offset_reader = OffsetReader(settings)
        # Kafka's clients block while they wait for an answer.
        self._thread = ThreadPoolExecutor(1, "offset-reader")
        self._trend = Trend()
        self._latest = SharedResult(self._measure_or_explain, MAX_AGE_SECONDS)
        self._replacing: asyncio.Future[None] | None = None

    async def read(self) -> Lag:
        """The current lag, at most a second old; never raises, and takes at most four seconds."""
        return await self._latest.get()

    async def run(self) -> None:
        """Sample the lag for the trend until cancelled."""
        await self._latest.refresh_forever(SAMPLE_INTERVAL_SECONDS)

    async def close(self) -> None:
        """Stop measuring, and close the consumer."""
        await self._latest.close()
        await asyncio.get_running_loop().run_in_executor(self._thread, self._offset_reader.close)
        self._thread.shutdown()

    async def _measure_or_explain(self) -> Lag:
        try:
            async with asyncio.timeout(TIMEOUT_SECONDS):
                measured = await self._measure()
        except UnavailableError as error:
            self._replace_lost_consumer()
            return measurement.unknown_response(str(error), datetime.now(UTC))
        except TimeoutError:
            error_text = f"Kafka did not answer within {TIMEOUT_SECONDS:.0f} s"
            return measurement.unknown_response(error_text, datetime.now(UTC))
        self._trend.add(time.monotonic(), measured.total)
        return measurement.to_response(measured, self._trend.per_second(), datetime.now(UTC))

    async def _measure(self) -> LagMeasurement:
        offsets = await self._in_thread(self._offset_reader.read_offsets)
        members = await self._in_thread(partial(self._read_members, self._admin.current))
        starts = {partition: each.start for partition, each in offsets.items() if each.lag > 0}
        read_oldest = partial(self._offset_reader.read_oldest_timestamp, starts)
        oldest_at = await self._in_thread(read_oldest) if starts else None
        error = "the oldest waiting event could not be read in time" if starts and not oldest_at else None
        return LagMeasurement(offsets, members.by_partition, members.count, oldest_at, error)

    def _replace_lost_consumer(self) -> None:
        """Start the replacement without waiting for it; the next measurement queues behind it in the same thread."""
        if self._replacing is None or self._replacing.done():
            loop = asyncio.get_running_loop()
            self._replacing = loop.run_in_executor(self._thread, self._offset_reader.replace_if_lost)

    async def _in_thread(self, call: Callable[[], Returned]) -> Returned:
        return await asyncio.get_running_loop().run_in_executor(self._thread, call)
