"""Sees to it that the administrative client, which several parts ask, still finds Kafka."""

import asyncio
from typing import Final

from confluent_kafka.admin import AdminClient

from event_platform.core.connections.replaceable_client import ReplaceableClient
from event_platform.core.telemetry import get_logger

EVERY_SECONDS: Final = 5.0

log = get_logger(__name__)


class KafkaWatch:
    """Has the client looked at, in a thread because that may block."""

    def __init__(self, admin: ReplaceableClient[AdminClient]) -> None:
        """Watch ``admin``."""
        self._admin = admin

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            try:
                await asyncio.to_thread(self._admin.check_brokers)
            except Exception:
                # A look that failed must not be the last.
                log.exception("looking at Kafka failed")
            await asyncio.sleep(EVERY_SECONDS)
