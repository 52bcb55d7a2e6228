"""Configuration of the consumer of the raw topic."""

from typing import Any, Final

from event_platform.core.connections import kafka
from event_platform.core.settings.model import Settings

SESSION_TIMEOUT_MS: Final = 10_000
MAX_POLL_INTERVAL_MS: Final = 60_000


def config(settings: Settings, instance_id: str) -> dict[str, Any]:
    """Return the client's settings; it neither commits nor resets offsets by itself, because Postgres has them."""
    return {
        **kafka.client_config(settings, "event-platform-processor"),
        "group.id": settings.kafka_group,
        "group.instance.id": instance_id,
        "session.timeout.ms": SESSION_TIMEOUT_MS,
        "heartbeat.interval.ms": 2_000,
        "max.poll.interval.ms": MAX_POLL_INTERVAL_MS,
        "enable.auto.commit": False,
        "enable.auto.offset.store": False,
        "auto.offset.reset": "error",
        # Without it, offsets at the end that deliver no record (ends of transactions) would count as lag for ever.
        "enable.partition.eof": True,
        # At the default of 1 s, fetching pauses for so long whenever the queue is full for a moment.
        "fetch.queue.backoff.ms": 5,
        "queued.min.messages": 20_000,
        # Bounds what waits in memory, beside the batch in flight and the next one.
        "queued.max.messages.kbytes": 32_768,
        "fetch.max.bytes": 16_777_216,
        "topic.metadata.refresh.interval.ms": 10_000,
        "allow.auto.create.topics": False,
    }
