"""Checks that the topics that exist can hold what the settings allow."""

from confluent_kafka import KafkaError, KafkaException
from confluent_kafka.admin import AdminClient, ConfigResource, ResourceType

from event_platform.core.connections.kafka import METADATA_TIMEOUT_SECONDS, unavailable_error
from event_platform.core.errors import ConfigurationError
from event_platform.core.settings.model import Settings
from event_platform.core.topics import DAY_MS, WRAPPER_BYTES, max_dead_letter_bytes


class MissingTopicError(ConfigurationError):
    """A topic does not exist; the message names the command that creates it."""


def check_topic_limits(admin: AdminClient, settings: Settings) -> None:
    """Compare the settings with the limits of the topics that exist.

    Raises:
        MissingTopicError: A topic does not exist.
        ConfigurationError: A topic's ``max.message.bytes`` is too small for `MAX_EVENT_BYTES` or for the dead letters
            of the raw topic, or the raw topic keeps records for as long as `RETENTION_DAYS` keeps rows, or longer.
        UnavailableError: Kafka does not answer.
    """
    raw = _limits(admin, settings.topic_raw)
    _check_event_size(settings, raw["max.message.bytes"])
    _check_retention(settings, raw["retention.ms"])
    _check_dead_letter_size(settings, raw["max.message.bytes"], max_message_bytes(admin, settings.topic_dlq))


def _check_event_size(settings: Settings, limit: int) -> None:
    needed = settings.max_event_bytes + WRAPPER_BYTES
    if limit < needed:
        raise ConfigurationError(
            f"MAX_EVENT_BYTES={settings.max_event_bytes} needs max.message.bytes of at least {needed} "
            f"on topic {settings.topic_raw}, which has {limit}"
        )


def _check_retention(settings: Settings, retention_ms: int) -> None:
    # A record read after the partition of its day was dropped could not be stored any more.
    longest = settings.retention_days * DAY_MS
    if not 0 <= retention_ms < longest:
        raise ConfigurationError(
            f"RETENTION_DAYS={settings.retention_days} needs retention.ms below {longest} "
            f"on topic {settings.topic_raw}, which has {retention_ms}"
        )


def _check_dead_letter_size(settings: Settings, raw_limit: int, dlq_limit: int) -> None:
    if dlq_limit < max_dead_letter_bytes(raw_limit):
        raise ConfigurationError(
            f"topic {settings.topic_dlq} has max.message.bytes={dlq_limit}; dead letters of {settings.topic_raw} "
            f"need {max_dead_letter_bytes(raw_limit)}"
        )


def max_message_bytes(admin: AdminClient, topic: str) -> int:
    """Return ``max.message.bytes`` of an existing topic.

    Raises:
        MissingTopicError: The topic does not exist.
        UnavailableError: Kafka does not answer.
    """
    return _limits(admin, topic)["max.message.bytes"]


def _limits(admin: AdminClient, topic: str) -> dict[str, int]:
    """Read the topic's limits, by their Kafka names."""
    resource = ConfigResource(ResourceType.TOPIC, topic)
    try:
        entries = admin.describe_configs([resource], request_timeout=METADATA_TIMEOUT_SECONDS)[resource].result()
    except KafkaException as error:
        if error.args[0].code() == KafkaError.UNKNOWN_TOPIC_OR_PART:
            raise MissingTopicError(f"topic {topic} does not exist: create it with `event-platform topics`") from error
        raise unavailable_error(f"reading the limits of topic {topic}", error) from error
    return {name: int(entries[name].value) for name in ("max.message.bytes", "retention.ms")}
