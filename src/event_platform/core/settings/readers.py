"""Who reads which setting: a wrong value stops those that read it, and nobody else."""

from collections.abc import Collection, Mapping
from typing import Final, Literal

Reader = Literal["ingest", "processor", "admin", "migrate", "topics", "rewind", "loadgen", "adopt", "down"]
"""A verb of the command line; ``adopt`` looks for the servers of a running platform, ``down`` only for its folder."""

EVERYBODY: Final = frozenset({"event_platform_home", "log_level", "log_format"})

_REDIS: Final = frozenset({"redis_addr", "redis_url"})
_TOPICS: Final = frozenset({"kafka_brokers", "topic_raw", "topic_dlq", "max_event_bytes", "retention_days"})
_ADDRESSES: Final = frozenset({"ingest_host", "ingest_port", "processor_host", "processor_port"})
_KEYS: Final = frozenset({"api_keys", "api_keys_file"})
_ADMIN: Final = frozenset({"admin_host", "admin_port", "admin_tokens"})

READS: Final[Mapping[Reader, frozenset[str]]] = {
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

BORROWED: Final[Mapping[Reader, frozenset[str]]] = {"admin": _ADDRESSES}
"""Settings of others by which a reader finds them: where one is wrong, its default serves, with a warning."""


def foreign(reader: Reader | None, fields: Collection[str]) -> frozenset[str]:
    """Those of ``fields`` that others read and ``reader`` does not; None reads all, and what none names all read."""
    if reader is None:
        return frozenset()
    named = frozenset().union(*READS.values())
    return named.intersection(fields) - READS[reader] - EVERYBODY


def reads(reader: Reader | None, field: str) -> bool:
    """Whether ``field`` matters to ``reader``."""
    return field not in foreign(reader, (field,))
