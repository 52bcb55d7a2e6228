"""The two topics: how they are made, and whether the ones that exist can hold what the settings allow."""

import time
from collections.abc import Iterable
from concurrent.futures import Future
from dataclasses import dataclass

from confluent_kafka import KafkaError, KafkaException
from confluent_kafka.admin import (
    AdminClient,
    AlterConfigOpType,
    ConfigEntry,
    ConfigResource,
    NewTopic,
    ResourceType,
)

from event_platform.core.connections.kafka import METADATA_TIMEOUT_SECONDS, unavailable
from event_platform.core.errors import ConfigurationError, UnavailableError
from event_platform.core.settings.declaration import Settings

WRAPPER_BYTES = 4_096
"""What wrapper, record key and headers can add to an event, in bytes."""

DEFAULT_MESSAGE_BYTES = 1_048_588
"""Kafka's own ``max.message.bytes``."""

VISIBLE_AFTER_SECONDS = 10
"""How long brokers may take to learn of a new topic."""

REPLICAS = 3
"""Where there are as many brokers; two of them have to acknowledge, so that one may be away."""

STAMP = "message.timestamp.type"
STAMPED_BY_KAFKA = "LogAppendTime"
"""So that ages go by Kafka's clock, and not by a producer's."""

_DAY_MS = 86_400_000
SEGMENT_MS = _DAY_MS // 4
"""Kafka drops whole segments: what is older than the retention lives on for at most this long, in milliseconds."""


class MissingTopicError(ConfigurationError):
    """A topic is not there; the message says what makes it."""


@dataclass(frozen=True)
class Topic:
    """A topic as the platform wants it."""

    name: str
    partitions: int
    retention_ms: int
    max_message_bytes: int


def raw_topic(settings: Settings) -> Topic:
    """Accepted events; kept 7 days, and always shorter than the rows they become."""
    # One more KiB than the batch of a single largest event, so that the record batch around it fits too.
    needed = settings.max_event_bytes + WRAPPER_BYTES + 1_024
    retention_ms = min(7 * _DAY_MS, settings.retention_days * _DAY_MS - _DAY_MS // 2)
    return Topic(settings.topic_raw, 6, retention_ms, max(DEFAULT_MESSAGE_BYTES, needed))


def dlq_topic(settings: Settings) -> Topic:
    """Dead letters: their bytes may have grown by a third in base64, and carry the reason."""
    largest = dead_letter_bytes(raw_topic(settings).max_message_bytes)
    return Topic(settings.topic_dlq, 3, settings.dlq_retention_days * _DAY_MS, largest)


def dead_letter_bytes(raw_message_bytes: int) -> int:
    """Largest dead letter of a raw message of that size, both in bytes."""
    return 2 * raw_message_bytes + 65_536


def create(admin: AdminClient, topics: Iterable[Topic]) -> list[str]:
    """Create the topics that do not exist; replicated three times where there are three brokers.

    Returns:
        The names of those created, once clients can see them.

    Raises:
        UnavailableError: Kafka does not answer, or refuses.
    """
    try:
        brokers = len(admin.list_topics(timeout=METADATA_TIMEOUT_SECONDS).brokers)
        replicas = REPLICAS if brokers >= REPLICAS else 1
        pending = admin.create_topics([_new_topic(topic, replicas) for topic in topics])
        created = [name for name, future in pending.items() if _created(future)]
        _await_visible(admin, created)
    except KafkaException as error:
        raise unavailable("creating topics", error) from error
    return created


def _new_topic(topic: Topic, replicas: int) -> NewTopic:
    return NewTopic(
        topic.name,
        num_partitions=topic.partitions,
        replication_factor=replicas,
        config={
            "retention.ms": str(topic.retention_ms),
            "segment.ms": str(SEGMENT_MS),
            STAMP: STAMPED_BY_KAFKA,
            "max.message.bytes": str(topic.max_message_bytes),
            "min.insync.replicas": "2" if replicas == REPLICAS else "1",
        },
    )


def have_stamped(admin: AdminClient, names: Iterable[str]) -> list[str]:
    """Have Kafka stamp what comes into existing topics; those made by an older version kept the producers' times.

    Returns:
        The names of those altered.

    Raises:
        UnavailableError: Kafka does not answer, or refuses.
    """
    try:
        resources = [ConfigResource(ResourceType.TOPIC, name) for name in names]
        found = admin.describe_configs(resources, request_timeout=METADATA_TIMEOUT_SECONDS)
        others = [each.name for each, future in found.items() if future.result()[STAMP].value != STAMPED_BY_KAFKA]
        change = ConfigEntry(STAMP, STAMPED_BY_KAFKA, incremental_operation=AlterConfigOpType.SET)
        wanted = [ConfigResource(ResourceType.TOPIC, name, incremental_configs=[change]) for name in others]
        for future in admin.incremental_alter_configs(wanted).values() if wanted else ():
            future.result(timeout=2 * METADATA_TIMEOUT_SECONDS)
    except (KafkaException, TimeoutError) as error:
        text = error.args[0].str() if isinstance(error, KafkaException) else "no answer"
        raise UnavailableError(f"altering topics to {STAMP}={STAMPED_BY_KAFKA}: {text}") from error
    return others


def _created(future: Future[None]) -> bool:
    try:
        future.result(timeout=30)
    except KafkaException as error:
        if error.args[0].code() == KafkaError.TOPIC_ALREADY_EXISTS:
            return False
        raise
    return True


def _await_visible(admin: AdminClient, names: Iterable[str]) -> None:
    # The controller answers before the brokers know of the topic: until then it does not exist for clients.
    missing = set(names)
    for _ in range(VISIBLE_AFTER_SECONDS * 20):
        missing -= admin.list_topics(timeout=METADATA_TIMEOUT_SECONDS).topics.keys()
        if not missing:
            return
        time.sleep(0.05)
    raise UnavailableError(f"creating topics: {', '.join(sorted(missing))} cannot be seen by clients yet")


def check_limits(admin: AdminClient, settings: Settings) -> None:
    """Compare the settings with the limits of the topics that exist.

    Raises:
        MissingTopicError: A topic is not there.
        ConfigurationError: A topic is smaller than `MAX_EVENT_BYTES` or the raw topic's limit demands, or keeps raw
            messages for as long as `RETENTION_DAYS` keeps rows, or longer.
        UnavailableError: Kafka does not answer.
    """
    raw = _configuration(admin, settings.topic_raw)
    _check_event_size(settings, raw["max.message.bytes"])
    _check_retention(settings, raw["retention.ms"])
    _check_dead_letter_size(settings, raw["max.message.bytes"], message_limit(admin, settings.topic_dlq))


def _check_event_size(settings: Settings, limit: int) -> None:
    needed = settings.max_event_bytes + WRAPPER_BYTES
    if limit < needed:
        raise ConfigurationError(
            f"MAX_EVENT_BYTES={settings.max_event_bytes} needs max.message.bytes of at least {needed} "
            f"on topic {settings.topic_raw}, which has {limit}"
        )


def _check_retention(settings: Settings, retention_ms: int) -> None:
    # An event read after its day was dropped could not be stored any more.
    longest = settings.retention_days * _DAY_MS
    if not 0 <= retention_ms < longest:
        raise ConfigurationError(
            f"RETENTION_DAYS={settings.retention_days} needs retention.ms below {longest} "
            f"on topic {settings.topic_raw}, which has {retention_ms}"
        )


def _check_dead_letter_size(settings: Settings, raw_limit: int, dlq_limit: int) -> None:
    if dlq_limit < dead_letter_bytes(raw_limit):
        raise ConfigurationError(
            f"topic {settings.topic_dlq} has max.message.bytes={dlq_limit}; dead letters of {settings.topic_raw} "
            f"need {dead_letter_bytes(raw_limit)}"
        )


def message_limit(admin: AdminClient, topic: str) -> int:
    """``max.message.bytes`` of an existing topic.

    Raises:
        MissingTopicError: There is no such topic.
        UnavailableError: Kafka does not answer.
    """
    return _configuration(admin, topic)["max.message.bytes"]


def _configuration(admin: AdminClient, topic: str) -> dict[str, int]:
    """The numbers among the topic's configuration, by their Kafka names."""
    resource = ConfigResource(ResourceType.TOPIC, topic)
    try:
        entries = admin.describe_configs([resource], request_timeout=METADATA_TIMEOUT_SECONDS)[resource].result()
    except KafkaException as error:
        if error.args[0].code() == KafkaError.UNKNOWN_TOPIC_OR_PART:
            raise MissingTopicError(f"topic {topic} does not exist: create it with `event-platform topics`") from error
        raise unavailable(f"reading the limits of topic {topic}", error) from error
    return {name: int(entries[name].value) for name in ("max.message.bytes", "retention.ms")}
