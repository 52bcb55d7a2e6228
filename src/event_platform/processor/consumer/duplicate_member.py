"""After Kafka has fenced us: whether another process really has our name in the group, and until when.

Kafka was seen to fence who is alone as well, after it had been away for seconds. Then nobody keeps the other membership
alive, and it ends with its session.
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
from event_platform.processor.monitoring.health import Health, State

LOOK_EVERY_SECONDS: Final = 2.0
SURE_AFTER_SECONDS: Final = SESSION_TIMEOUT_MS / 1_000 + 4
"""By then a membership that nobody keeps alive has ended."""

log = get_logger(__name__)


class Namesake:
    """Another member of ``group`` with the name ``instance_id``, if there is one."""

    def __init__(self, admin: ReplaceableClient[AdminClient], group: str, instance_id: str) -> None:
        """Nothing is asked yet."""
        self._admin = admin
        self._group = group
        self._instance_id = instance_id

    def wait_until_gone(self, health: Health, stop: threading.Event) -> None:
        """Stay out of its way: joining again would throw it out, and so on for ever. Ends with ``stop`` as well."""
        name = self._instance_id
        text = f"another processor has the name {name}: give each its own WORKER_ID, then restart this one"
        health.state, health.detail = State.FENCED, text
        log.warning("kafka says that our name in the group is another's; looking whether it is", name=name)
        sure_at: float | None = time.monotonic() + SURE_AFTER_SECONDS
        while not stop.wait(LOOK_EVERY_SECONDS):
            is_there = self._is_there()
            if is_there is False:
                log.warning("nobody has our name any more; joining again", name=name)
                health.state, health.detail = State.STARTING, None
                return
            if is_there and sure_at is not None and time.monotonic() > sure_at:
                log.error(text)
                sure_at = None

    def _is_there(self) -> bool | None:
        """Whether the other one is there; None where Kafka does not say."""
        # Kafka begins the id of a static member with its name. The newer call to describe groups can abort the process
        # when the connection drops (confluentinc/librdkafka#4605).
        try:
            groups = self._admin.current.list_groups(self._group, timeout=METADATA_TIMEOUT_SECONDS)
        except KafkaException:
            self._admin.replace_if_lost()
            return None
        return any(str(member.id).startswith(f"{self._instance_id}-") for group in groups for member in group.members)
