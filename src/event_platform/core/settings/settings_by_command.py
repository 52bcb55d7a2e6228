"""Which command reads which setting: a wrong value stops only the commands that read it."""

from collections.abc import Collection, Mapping
from typing import Final, Literal

Command = Literal["ingest", "processor", "admin", "migrate", "topics", "rewind", "loadgen", "running_servers", "down"]
"""A command; ``running_servers`` looks up the servers of a running platform, ``down`` needs only its folder."""

READ_BY_ALL: Final = frozenset({"event_platform_home", "log_level", "log_format"})

_REDIS: Final = frozenset({"redis_addr", "redis_url"})
_TOPICS: Final = frozenset({"kafka_brokers", "topic_raw", "topic_dlq", "max_event_bytes", "retention_days"})
_ADDRESSES: Final = frozenset({"ingest_host", "ingest_port", "processor_host", "processor_port"})
_KEYS: Final = frozenset({"api_keys", "api_keys_file"})
_ADMIN: Final = frozenset({"admin_host", "admin_port", "admin_tokens"})

FIELDS_OF: Final[Mapping[Command, frozenset[str]]] = {
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
    "running_servers": _REDIS | {"kafka_brokers", "database_url"},
    "down": frozenset(),
}

DEFAULTED_IF_INVALID: Final[Mapping[Command, frozenset[str]]] = {"admin": _ADDRESSES}
"""Addresses of other services; the command replaces an invalid one by its default, with a warning."""


def unused_fields(command: Command | None, fields: Collection[str]) -> frozenset[str]:
    """Return those of ``fields`` that ``command`` does not read.

    None reads every field, and every command reads the fields that are in no command's set.
    """
    if command is None:
        return frozenset()
    named = frozenset().union(*FIELDS_OF.values())
    return named.intersection(fields) - FIELDS_OF[command] - READ_BY_ALL


def is_used_by(command: Command | None, field: str) -> bool:
    """Return whether ``command`` reads ``field``."""
    return field not in unused_fields(command, (field,))
