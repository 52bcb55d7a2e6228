"""Which command reads which setting: a wrong value stops only the commands that read it."""

from collections.abc import Collection, Mapping
from typing import Final, Literal

Reader = Literal["ingest", "processor", "admin", "migrate", "topics", "rewind", "loadgen", "adopt", "down"]
"""A command; ``adopt`` connects to the servers of a running platform, ``down`` needs only its folder."""

READ_BY_ALL: Final = frozenset({"event_platform_home", "log_level", "log_format"})

_REDIS: Final = frozenset({"redis_addr", "redis_url"})
_TOPICS: Final = frozenset({"kafka_brokers", "topic_raw", "topic_dlq", "max_event_bytes", "retention_days"})
_ADDRESSES: Final = frozenset({"ingest_host", "ingest_port", "processor_host", "processor_port"})
_KEYS: Final = frozenset({"api_keys", "api_keys_file"})
_ADMIN: Final = frozenset({"admin_host", "admin_port", "admin_tokens"})

FIELDS_OF: Final[Mapping[Reader, frozenset[str]]] = {
    "ingest": frozenset(
        {"ingest_host", "ingest_port", "rate_limit_per_min", "rate_limits", "idempotency_ttl_seconds", "redis_outage"}
    )
    | _KEYS
    | _REDIS
    | _TOPICS,
    "processor": frozenset({"processor_host", "processor_port", "database_url", "kafka_group", "worker_id"})
    | {"allowed_schema_versions", "dlq_retention_days"}
    | _TOPICS,
    "admin": frozenset({"admin_hosts", "admin_dev_origins", "database_url", "admin_database_url"})
    | {"kafka_brokers", "topic_raw", "topic_dlq", "kafka_group", "redis_outage", "ingest_url", "processor_url"}
    | _ADMIN
    | _ADDRESSES
    | _REDIS,
    "migrate": frozenset({"database_url"}),
    "topics": _TOPICS | {"dlq_retention_days"},
    "rewind": frozenset({"kafka_brokers", "topic_raw", "database_url"}),
    "loadgen": _KEYS | _ADMIN | {"ingest_host", "ingest_port"},
    "adopt": _REDIS | {"kafka_brokers", "database_url"},
    "down": frozenset(),
}

DEFAULTED_IF_INVALID: Final[Mapping[Reader, frozenset[str]]] = {"admin": _ADDRESSES}
"""Addresses of other services; the reader replaces an invalid one by its default, with a warning."""


def unread_fields(reader: Reader | None, fields: Collection[str]) -> frozenset[str]:
    """Return those of ``fields`` that ``reader`` does not read.

    None reads every field, and every reader reads the fields that are in no reader's set.
    """
    if reader is None:
        return frozenset()
    named = frozenset().union(*FIELDS_OF.values())
    return named.intersection(fields) - FIELDS_OF[reader] - READ_BY_ALL


def is_read_by(reader: Reader | None, field: str) -> bool:
    """Return whether ``reader`` reads ``field``."""
    return field not in unread_fields(reader, (field,))
