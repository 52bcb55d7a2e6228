"""Tasks that run beside requests: delivery deadlines, resent claim updates, gauges, Kafka probes."""

import asyncio
from collections.abc import Collection
from typing import Any, Final

from event_platform.core import topic_limits
from event_platform.core.connections import kafka
from event_platform.core.errors import ConfigurationError, UnavailableError
from event_platform.core.settings.model import Settings
from event_platform.core.telemetry import get_logger
from event_platform.ingest.admission_batcher import AdmissionBatcher
from event_platform.ingest.dependency_status import DependencyStatus
from event_platform.ingest.publisher import Publisher
from event_platform.ingest.shared_counters import Counters

_INTERVAL_SECONDS: Final = 0.25
_PROBE_INTERVAL_SECONDS: Final = 2.0

log = get_logger(__name__)


class BackgroundTasks:
    """Work on timers, so that no request needs a timer of its own."""

    def __init__(
        self,
        settings: Settings,
        publisher: Publisher,
        batcher: AdmissionBatcher,
        kafka_status: DependencyStatus,
        counters: Counters,
    ) -> None:
        self._settings = settings
        self._publisher = publisher
        self._batcher = batcher
        self._kafka_status = kafka_status
        self._counters = counters

    async def run_periodic(self, connections: Collection[Any]) -> None:
        """Expire overdue deliveries, resend claim updates and set gauges, until cancelled."""
        while True:
            self._publisher.poll_and_expire()
            self._batcher.resend_claim_updates()
            self._counters.set_gauges(len(connections), self._publisher.pending_events)
            await asyncio.sleep(_INTERVAL_SECONDS)

    async def probe_kafka(self) -> None:
        """Keep Kafka's status current, until cancelled; compare settings with the topics before the first probe."""
        limits_match = False
        while True:
            limits_match = limits_match or await self._check_limits()
            if limits_match:
                await self._publisher.probe()
            await asyncio.sleep(_PROBE_INTERVAL_SECONDS)

    async def _check_limits(self) -> bool:
        try:
            await asyncio.to_thread(topic_limits.check_topic_limits, kafka.admin_client(self._settings), self._settings)
        except UnavailableError as error:
            self._kafka_status.mark_down(str(error))
            return False
        except ConfigurationError as error:
            if self._kafka_status.error != str(error):
                log.error("settings contradict topic configuration", error=str(error))  # noqa: TRY400 - the message says all
            self._kafka_status.mark_down(str(error))
            return False
        return True
