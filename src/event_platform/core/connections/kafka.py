"""Client configurations that every service uses, and Kafka's errors as the platform's own."""

from typing import Any, Final

from confluent_kafka import KafkaError, KafkaException
from confluent_kafka.admin import AdminClient

from event_platform.core.errors import ConfigurationError, UnavailableError
from event_platform.core.settings.model import Settings
from event_platform.core.telemetry import get_logger

METADATA_TIMEOUT_SECONDS: Final = 5.0

log = get_logger(__name__)


def brokers(settings: Settings) -> str:
    """Return ``host:port,…`` of the Kafka to use.

    Raises:
        ConfigurationError: `KAFKA_BROKERS` is not set.
    """
    if settings.kafka_brokers is None:
        raise ConfigurationError(
            "KAFKA_BROKERS is not set: give host:port of a Kafka, or start one with `event-platform up`"
        )
    return settings.kafka_brokers


def client_config(settings: Settings, client_id: str) -> dict[str, Any]:
    """Return the configuration that every Kafka client starts from."""
    return {
        "bootstrap.servers": brokers(settings),
        "client.id": client_id,
        "error_cb": _log_client_error,
        # Retry soon: a broker may have restarted or moved to another address.
        "reconnect.backoff.ms": 100,
        "reconnect.backoff.max.ms": 1_000,
        # An address may drop packets silently; the client then tries the next address of the same name.
        "socket.connection.setup.timeout.ms": 10_000,
        # librdkafka's own log lines about lost connections are not JSON; `error_cb` receives the same errors.
        "log_level": 2,
    }


def _log_client_error(error: KafkaError) -> None:
    # librdkafka reports lost connections here and reconnects by itself; callers get errors that matter to them.
    log.debug("kafka client error", error=error.str())


def admin_client(settings: Settings) -> AdminClient:
    """Create an admin client; it connects on its first request."""
    return AdminClient({**client_config(settings, "event-platform-admin"), "socket.timeout.ms": 5_000})


def unavailable_error(operation: str, error: KafkaException) -> UnavailableError:
    """Convert ``error`` into one that a later attempt can resolve, with the operation in its message."""
    return UnavailableError(f"{operation}: {reason(error)}")


def reason(error: KafkaException) -> str:
    """Return the error's own text, without librdkafka's representation around it."""
    return str(error.args[0].str())
