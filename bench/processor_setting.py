"""Database, topics and records for the processor's benchmarks."""

import json
import tempfile
import time
import uuid

import psycopg
from bench.servers import BenchServers
from confluent_kafka import Producer

from event_platform.core import envelope, topics
from event_platform.core.connections import kafka
from event_platform.core.settings.loading import load
from event_platform.core.settings.model import Settings
from event_platform.ingest.request_ids import RequestIdentity, RequestIdGenerator
from event_platform.migrations.runner import migrate
from event_platform.processor.storage import offset_store
from event_platform.processor.storage.offset_store import PartitionId


def new_platform(servers: BenchServers) -> Settings:
    """Create a migrated database and new topics."""
    suffix = uuid.uuid4().hex[:8]
    name = f"bench_{suffix}"
    with psycopg.connect(servers.database_url, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} OWNER ep_user".encode())
    settings = load(
        _env_file=None,
        kafka_brokers=servers.kafka_brokers,
        database_url=f"{servers.local.postgres.url.rsplit('/', 1)[0]}/{name}",
        topic_raw=f"raw.{suffix}",
        topic_dlq=f"dlq.{suffix}",
        kafka_group=f"group.{suffix}",
        processor_port=servers.reserve_port(),
        event_platform_home=tempfile.mkdtemp(prefix="event-platform-bench-"),
        log_format="json",
    )
    migrate(url_of(settings))
    topics.create(kafka.admin_client(settings), [topics.raw_topic(settings), topics.dlq_topic(settings)])
    return settings


def url_of(settings: Settings) -> str:
    """Return the database's URL."""
    return settings.database_url.get_secret_value() if settings.database_url else ""


def environment_of(settings: Settings) -> dict[str, str]:
    """Return the settings as environment of a process."""
    names = (
        "kafka_brokers",
        "topic_raw",
        "topic_dlq",
        "kafka_group",
        "processor_port",
        "event_platform_home",
        "log_format",
    )
    return {name.upper(): str(getattr(settings, name)) for name in names} | {"DATABASE_URL": url_of(settings)}


def messages(count: int, seed: int = 0) -> list[bytes]:
    """Return raw records of some 430 bytes as ingest writes them, with new keys and ids."""
    request_ids = RequestIdGenerator()
    return [_message(number, seed, request_ids.generate()) for number in range(count)]


def _message(number: int, seed: int, identity: RequestIdentity) -> bytes:
    event = {
        "event_id": f"evt-{seed}-{number}",
        "event_type": f"order.{('created', 'paid', 'sent', 'returned')[number % 4]}",
        "schema_version": 1,
        "occurred_at": identity.received_at,
        "payload": {"order_id": number, "amount": 12.5, "items": [{"sku": "x1", "qty": 2}], "note": "some text"},
    }
    body = json.dumps(event, separators=(",", ":")).encode()
    tenant, key = f"tenant_{'ab'[number % 2]}", f"key-{seed}-{number}"
    return envelope.wrap(tenant, identity.received_at, f"req_{identity.id}", key, body)


def fill_topic(settings: Settings, values: list[bytes]) -> None:
    """Write ``values`` to the raw topic."""
    producer = Producer(
        {**kafka.client_config(settings, "bench"), "linger.ms": 20, "queue.buffering.max.messages": 500_000}
    )
    for number, value in enumerate(values):
        producer.produce(settings.topic_raw, value, partition=number % 6)
    if producer.flush(120):
        raise TimeoutError("Kafka does not take the records")


def empty(settings: Settings) -> None:
    """Delete all rows, and vacuum, so that a later round does not pay for them."""
    with psycopg.connect(url_of(settings), autocommit=True) as connection:
        connection.execute(
            "TRUNCATE events, dlq_events, duplicate_requests, throughput, throughput_hourly, event_counts, "
            "event_counts_hourly, event_counts_daily, consumer_progress"
        )
        connection.execute("VACUUM ANALYZE events")


def begin_at_zero(connection: psycopg.Connection, topic_id: str) -> None:
    """Start a topic that exists in Postgres only."""
    offset_store.insert_start_offset(connection, PartitionId("bench", topic_id, 0), 0)


def wait_for(settings: Settings, rows: int, timeout_seconds: float = 300) -> tuple[int, float]:
    """Wait until ``rows`` records are processed; return how many were, and the time."""
    deadline = time.monotonic() + timeout_seconds
    with psycopg.connect(url_of(settings), autocommit=True) as connection:
        while time.monotonic() < deadline:
            found = connection.execute("SELECT coalesce(sum(next_offset), 0)::bigint FROM consumer_progress").fetchone()
            if found and found[0] >= rows:
                return found[0], time.monotonic()
            time.sleep(0.02)
    raise TimeoutError(f"{rows} rows did not come")
