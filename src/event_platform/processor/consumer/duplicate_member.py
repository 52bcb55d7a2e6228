"""Finds out, after Kafka has fenced this consumer, whether another member of the group really has its name.

Kafka was seen to fence a consumer without a duplicate, too, after an outage of seconds. Then no process keeps the other
membership alive, and it ends with its session.
"""

import threading
import time
from typing import Final

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient

from event_platform.core.connections.kafka import METADATA_TIMEOUT_SECONDS
from event_platform.core.connections.replaceable_client import ReplaceableClient
from event_platform.core.telemetry import get_logger
from event_platform.processor.consumer.config import SESSION_TIMEOUT_MS
from event_platform.processor.monitoring.health import Health

CHECK_INTERVAL_SECONDS: Final = 2.0
CONFIRM_AFTER_SECONDS: Final = SESSION_TIMEOUT_MS / 1_000 + 4
"""By then a membership that no process keeps alive has ended."""

log = get_logger(__name__)


class DuplicateMemberCheck:
    """Looks for another member of ``group`` with the name ``instance_id``."""

    def __init__(self, admin: ReplaceableClient[AdminClient], group: str, instance_id: str) -> None:
        self._admin = admin
        self._group = group
        self._instance_id = instance_id

    def wait_until_gone(self, health: Health, stop: threading.Event) -> None:
        """Wait until no member has our name, or until ``stop`` is set.

        Joining while the other one is alive would fence it in turn, and so on for ever.
        """
        name = self._instance_id
        text = f"another processor has the name {name}: give each its own WORKER_ID, then restart this one"
        health.mark_fenced(text)
        log.warning("fenced by Kafka; looking for another member with our name", name=name)
        confirm_at: float | None = time.monotonic() + CONFIRM_AFTER_SECONDS
        while not stop.wait(CHECK_INTERVAL_SECONDS):
            exists = self._exists()
            if exists is False:
                log.warning("no other member has our name; joining again", name=name)
                health.mark_starting()
                return
            if exists and confirm_at is not None and time.monotonic() > confirm_at:
                log.error(text)
                confirm_at = None

    def _exists(self) -> bool | None:
        """Whether the group has such a member; None where Kafka does not answer."""
        # Kafka begins the id of a static member with its name. The newer call to describe groups can abort the process
        # when the connection drops (confluentinc/librdkafka#4605).
        try:
            groups = self._admin.current.list_groups(self._group, timeout=METADATA_TIMEOUT_SECONDS)
        except KafkaException:
            self._admin.replace_if_lost()
            return None
        return any(str(member.id).startswith(f"{self._instance_id}-") for group in groups for member in group.members)
