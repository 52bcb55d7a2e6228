"""Configurations of Kafka's clients that hold for every stage."""

from typing import Any

from confluent_kafka import KafkaError, KafkaException
from confluent_kafka.admin import AdminClient

from event_platform.core.errors import ConfigurationError, UnavailableError
from event_platform.core.settings.declaration import Settings
from event_platform.core.telemetry import get_logger

METADATA_TIMEOUT_SECONDS = 5.0

log = get_logger(__name__)


def brokers(settings: Settings) -> str:
    """``host:port,…`` of the Kafka to use.

    Raises:
        ConfigurationError: `KAFKA_BROKERS` is not set.
    """
    if settings.kafka_brokers is None:
        raise ConfigurationError(
            "KAFKA_BROKERS is not set: give host:port of a Kafka, or start one with `event-platform up`"
        )
    return settings.kafka_brokers


def client_config(settings: Settings, client_id: str) -> dict[str, Any]:
    """What every client of ours is configured with."""
    return {
        "bootstrap.servers": brokers(settings),
        "client.id": client_id,
        "error_cb": _note_client_error,
        # An address that moved, or a broker that came back, is tried again soon.
        "reconnect.backoff.ms": 100,
        "reconnect.backoff.max.ms": 1_000,
        # One of a name's addresses may swallow what it is sent; the next one is tried then.
        "socket.connection.setup.timeout.ms": 10_000,
        # Its own lines on lost connections are no JSON; `error_cb` gets the same.
        "log_level": 2,
    }


def _note_client_error(error: KafkaError) -> None:
    # librdkafka reports lost connections here and mends them itself; what matters reaches callers as their own error.
    log.debug("kafka client", error=error.str())


def admin_client(settings: Settings) -> AdminClient:
    """An administrative client; it connects lazily."""
    return AdminClient({**client_config(settings, "event-platform-admin"), "socket.timeout.ms": 5_000})


def unavailable(doing: str, error: KafkaException) -> UnavailableError:
    """``error`` as one that a later try can mend, with what was being done."""
    return UnavailableError(f"{doing}: {error.args[0].str()}")
