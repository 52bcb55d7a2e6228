"""Periodic check that the shared Kafka AdminClient still finds a broker."""

import asyncio
from typing import Final

from confluent_kafka.admin import AdminClient

from event_platform.core.connections.replaceable_client import ReplaceableClient
from event_platform.core.telemetry import get_logger

CHECK_INTERVAL_SECONDS: Final = 5.0

log = get_logger(__name__)


class AdminClientMonitor:
    """Checks the client periodically, and has it replaced when it no longer finds brokers that a new one finds."""

    def __init__(self, admin: ReplaceableClient[AdminClient]) -> None:
        self._admin = admin

    async def run(self) -> None:
        """Check until cancelled, in a thread because the check blocks."""
        while True:
            try:
                await asyncio.to_thread(self._admin.check_brokers)
            except Exception:
                # One failed check must not end the loop.
                log.exception("checking the Kafka admin client failed")
            await asyncio.sleep(CHECK_INTERVAL_SECONDS)
