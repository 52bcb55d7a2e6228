"""The two topics: their configuration, and how they are created and altered."""

import time
from collections.abc import Iterable
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Final

from confluent_kafka import KafkaError, KafkaException
from confluent_kafka.admin import (
    AdminClient,
    AlterConfigOpType,
    ConfigEntry,
    ConfigResource,
    NewTopic,
    ResourceType,
)

from event_platform.core.connections import kafka
from event_platform.core.connections.kafka import METADATA_TIMEOUT_SECONDS, unavailable_error
from event_platform.core.errors import UnavailableError
from event_platform.core.settings.model import Settings

WRAPPER_BYTES: Final = 4_096
"""The most that wrapper, record key and headers add to an event, in bytes."""

DEFAULT_MESSAGE_BYTES: Final = 1_048_588
"""Kafka's default for ``max.message.bytes``."""

REPLICAS: Final = 3
"""Replicas per partition if there are as many brokers; two have to acknowledge, so one broker may be unavailable."""

TIMESTAMP_TYPE: Final = "message.timestamp.type"
LOG_APPEND_TIME: Final = "LogAppendTime"
"""Kafka sets each record's timestamp, so that lag in seconds is measured by its clock and not by a producer's."""

DAY_MS: Final = 86_400_000
SEGMENT_MS: Final = DAY_MS // 4
"""Kafka deletes whole segments, so a record outlives the topic's retention by at most this long, in milliseconds."""

_CREATE_TIMEOUT_SECONDS: Final = 30
_VISIBLE_WITHIN_SECONDS: Final = 10
"""How long the brokers may take to learn of a new topic."""


@dataclass(frozen=True, slots=True)
class Topic:
    """A topic's configuration."""

    name: str
    partitions: int
    retention_ms: int
    max_message_bytes: int


def raw_topic(settings: Settings) -> Topic:
    """Return the topic of accepted events: kept 7 days, and always for less time than the rows they become."""
    # The largest event plus one KiB, so that the record batch around it fits as well.
    needed = settings.max_event_bytes + WRAPPER_BYTES + 1_024
    retention_ms = min(7 * DAY_MS, settings.retention_days * DAY_MS - DAY_MS // 2)
    return Topic(settings.topic_raw, 6, retention_ms, max(DEFAULT_MESSAGE_BYTES, needed))


def dlq_topic(settings: Settings) -> Topic:
    """Return the dead-letter topic, which holds the largest dead letter of the raw topic."""
    largest = max_dead_letter_bytes(raw_topic(settings).max_message_bytes)
    return Topic(settings.topic_dlq, 3, settings.dlq_retention_days * DAY_MS, largest)


def max_dead_letter_bytes(raw_message_bytes: int) -> int:
    """Return the size of the largest dead letter of a raw record of that size, both in bytes.

    A dead letter holds the record, which base64 enlarges by a third, and the reason.
    """
    return 2 * raw_message_bytes + 65_536


def create(admin: AdminClient, topics: Iterable[Topic]) -> list[str]:
    """Create the topics that do not exist, with three replicas if there are three brokers.

    Returns:
        The names of the topics created, once clients can see them.

    Raises:
        UnavailableError: Kafka does not answer or refuses.
    """
    try:
        brokers = len(admin.list_topics(timeout=METADATA_TIMEOUT_SECONDS).brokers)
        replicas = REPLICAS if brokers >= REPLICAS else 1
        pending = admin.create_topics([_new_topic(topic, replicas) for topic in topics])
        created = [name for name, future in pending.items() if _was_created(future)]
        _wait_until_visible(admin, created)
    except KafkaException as error:
        raise unavailable_error("creating topics", error) from error
    return created


def _new_topic(topic: Topic, replicas: int) -> NewTopic:
    return NewTopic(
        topic.name,
        num_partitions=topic.partitions,
        replication_factor=replicas,
        config={
            "retention.ms": str(topic.retention_ms),
            "segment.ms": str(SEGMENT_MS),
            TIMESTAMP_TYPE: LOG_APPEND_TIME,
            "max.message.bytes": str(topic.max_message_bytes),
            "min.insync.replicas": "2" if replicas == REPLICAS else "1",
        },
    )


def _was_created(future: Future[None]) -> bool:
    try:
        future.result(timeout=_CREATE_TIMEOUT_SECONDS)
    except KafkaException as error:
        if error.args[0].code() == KafkaError.TOPIC_ALREADY_EXISTS:
            return False
        raise
    return True


def _wait_until_visible(admin: AdminClient, names: Iterable[str]) -> None:
    # The controller answers before the brokers know the topic; until then clients are told that it does not exist.
    missing = set(names)
    for _ in range(_VISIBLE_WITHIN_SECONDS * 20):
        missing -= admin.list_topics(timeout=METADATA_TIMEOUT_SECONDS).topics.keys()
        if not missing:
            return
        time.sleep(0.05)
    raise UnavailableError(f"creating topics: {', '.join(sorted(missing))} cannot be seen by clients yet")


def set_log_append_time(admin: AdminClient, names: Iterable[str]) -> list[str]:
    """Alter existing topics so that Kafka sets the records' timestamps; an older version left that to the producers.

    Returns:
        The names of the topics altered.

    Raises:
        UnavailableError: Kafka does not answer or refuses.
    """
    try:
        resources = [ConfigResource(ResourceType.TOPIC, name) for name in names]
        found = admin.describe_configs(resources, request_timeout=METADATA_TIMEOUT_SECONDS)
        outdated = [
            each.name for each, future in found.items() if future.result()[TIMESTAMP_TYPE].value != LOG_APPEND_TIME
        ]
        change = ConfigEntry(TIMESTAMP_TYPE, LOG_APPEND_TIME, incremental_operation=AlterConfigOpType.SET)
        wanted = [ConfigResource(ResourceType.TOPIC, name, incremental_configs=[change]) for name in outdated]
        for future in admin.incremental_alter_configs(wanted).values() if wanted else ():
            future.result(timeout=2 * METADATA_TIMEOUT_SECONDS)
    except (KafkaException, TimeoutError) as error:
        why = kafka.reason(error) if isinstance(error, KafkaException) else "no answer"
        raise UnavailableError(f"altering topics to {TIMESTAMP_TYPE}={LOG_APPEND_TIME}: {why}") from error
    return outdated
