"""What the service does a few times a second beside its requests."""

import asyncio
from collections.abc import Collection
from typing import Any

from event_platform.core import topic_limits
from event_platform.core.connections import kafka
from event_platform.core.errors import ConfigurationError, UnavailableError
from event_platform.core.settings.declaration import Settings
from event_platform.core.telemetry import get_logger
from event_platform.ingest.publisher import Publisher
from event_platform.ingest.script_calls import ScriptCalls
from event_platform.ingest.standing import Standing
from event_platform.ingest.tally import Tally

_EVERY_SECONDS = 0.25
_PROBE_EVERY_SECONDS = 2.0

log = get_logger(__name__)


class Upkeep:
    """Deadlines that need no timer of their own, probes, gauges."""

    def __init__(
        self, settings: Settings, publisher: Publisher, calls: ScriptCalls, kafka_standing: Standing, tally: Tally
    ) -> None:
        self._settings = settings
        self._publisher = publisher
        self._calls = calls
        self._kafka_standing = kafka_standing
        self._tally = tally

    async def watch(self, connections: Collection[Any]) -> None:
        """Send what Redis missed, and tell the gauges, until cancelled."""
        while True:
            self._publisher.look()
            self._calls.resend()
            self._tally.gauges(len(connections), self._publisher.queued)
            await asyncio.sleep(_EVERY_SECONDS)

    async def probe_kafka(self) -> None:
        """Know how Kafka stands, until cancelled; before it first counts as up, the topics' limits are compared."""
        fit = False
        while True:
            fit = fit or await self._limits_fit()
            if fit:
                await self._publisher.probe()
            await asyncio.sleep(_PROBE_EVERY_SECONDS)

    async def _limits_fit(self) -> bool:
        try:
            await asyncio.to_thread(topic_limits.check_topic_limits, kafka.admin_client(self._settings), self._settings)
        except UnavailableError as error:
            self._kafka_standing.fall(str(error))
            return False
        except ConfigurationError as error:
            if self._kafka_standing.error != str(error):
                log.error("settings and topics contradict each other", error=str(error))  # noqa: TRY400 - the message says all
            self._kafka_standing.fall(str(error))
            return False
        return True
