"""How the consumer of the raw topic is configured."""

from typing import Any, Final

from event_platform.core.connections import kafka
from event_platform.core.settings.declaration import Settings

SESSION_TIMEOUT_MS: Final = 10_000
MAX_POLL_INTERVAL_MS: Final = 60_000


def config(settings: Settings, instance_id: str) -> dict[str, Any]:
    """Of the consumer; who starts where is decided by Postgres, so it commits nothing by itself."""
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
        # Else offsets at the end at which nothing is delivered, as those of transactions' ends, would wait for ever.
        "enable.partition.eof": True,
        # At the default of a second, fetching pauses for so long whenever the queue is full for a moment.
        "fetch.queue.backoff.ms": 5,
        "queued.min.messages": 20_000,
        # This bounds what waits in memory here, beside the batch that is stored and the one after it.
        "queued.max.messages.kbytes": 32_768,
        "fetch.max.bytes": 16_777_216,
        "topic.metadata.refresh.interval.ms": 10_000,
        "allow.auto.create.topics": False,
    }
