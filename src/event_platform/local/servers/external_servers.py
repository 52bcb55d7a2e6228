"""External servers: those that the settings name are used instead of local ones, and checked before anything starts."""

from concurrent.futures import ThreadPoolExecutor
from typing import Final

import psycopg
from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient
from psycopg.conninfo import conninfo_to_dict
from redis.exceptions import RedisError

from event_platform.core.connections import postgres, redis
from event_platform.core.error_text import first_line
from event_platform.core.errors import ConfigurationError, UnavailableError
from event_platform.core.settings.model import Settings

_KAFKA_TIMEOUT_SECONDS: Final = 5.0


def names(settings: Settings) -> frozenset[str]:
    """Those of ``kafka``, ``postgres`` and ``redis`` for which the settings name an external server."""
    addresses = {
        "kafka": settings.kafka_brokers,
        "postgres": settings.database_url,
        "redis": settings.configured_redis_url,
    }
    return frozenset(name for name, address in addresses.items() if address)


def check(settings: Settings) -> None:
    """Connect to every external server, concurrently.

    Raises:
        ConfigurationError: One cannot be used; names the setting and what was tried.
    """
    checks = {"kafka": check_kafka, "postgres": check_postgres, "redis": check_redis}
    with ThreadPoolExecutor(len(checks)) as pool:
        for pending in [pool.submit(checks[name], settings) for name in sorted(names(settings))]:
            pending.result()


def check_kafka(settings: Settings) -> None:
    """Request metadata from the brokers."""
    brokers = settings.kafka_brokers or ""
    try:
        AdminClient({"bootstrap.servers": brokers, "log_level": 0}).list_topics(timeout=_KAFKA_TIMEOUT_SECONDS)
    except KafkaException as error:
        tried = f"asked {brokers} for its metadata for {_KAFKA_TIMEOUT_SECONDS:g} s"
        raise ConfigurationError(
            f"KAFKA_BROKERS={brokers}: {tried}, without an answer ({error.args[0].str()})"
        ) from None


def check_postgres(settings: Settings) -> None:
    """Connect to the database."""
    conninfo = postgres.conninfo(settings, "event-platform")
    parts = conninfo_to_dict(conninfo)
    tried = f"{parts.get('user', '')}@{parts.get('host', '')}:{parts.get('port', 5432)}/{parts.get('dbname', '')}"
    try:
        postgres.connect(conninfo).close()
    except psycopg.OperationalError as error:
        raise ConfigurationError(f"DATABASE_URL: tried to connect as {tried}: {first_line(error)}") from None


def check_redis(settings: Settings) -> None:
    """Ping Redis, and check that it is neither a cluster node nor a replica, among other things."""
    setting = redis.setting_name(settings)
    client = redis.connect(settings)
    keywords = client.connection_pool.connection_kwargs
    tried = f"{keywords.get('host')}:{keywords.get('port', 6379)}"
    try:
        client.ping()
        hello = redis.server_info(client)
    except (RedisError, UnavailableError) as error:
        raise ConfigurationError(f"{setting}: tried to ping {tried}: {first_line(error)}") from None
    finally:
        client.close()
    if unfit := redis.unsupported_reason(hello) or redis.unavailable_reason(hello):
        raise ConfigurationError(f"{setting}: {tried} answers, but {unfit}")
