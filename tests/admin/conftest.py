"""The admin service on a database that tests fill with SQL, as the processor would."""

import itertools
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import psycopg
import pytest
from psycopg import sql
from psycopg.types.json import Jsonb
from tests.fixtures.services import RunService, Service
from tests.fixtures.waiting import DEADLINE_SECONDS, eventually


def uuid7(moment: datetime, number: int) -> uuid.UUID:
    """The UUIDv7 of a moment; ``number`` replaces the random bits."""
    milliseconds = int(moment.timestamp() * 1_000)
    return uuid.UUID(int=(milliseconds << 80) | (7 << 76) | (0b10 << 62) | number)


@dataclass
class Storable:
    """Writes rows as the processor does."""

    connection: psycopg.Connection[Any]
    numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    def create_day(self, moment: datetime) -> None:
        """Create the partition of that day."""
        day = moment.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
        names = {"day": sql.Identifier(f"events_{day:%Y_%m_%d}"), "key": sql.Identifier(f"events_{day:%Y_%m_%d}_key")}
        bounds = {"start": sql.Literal(day.isoformat()), "end": sql.Literal((day + timedelta(days=1)).isoformat())}
        for statement in (
            "CREATE TABLE IF NOT EXISTS {day} PARTITION OF events FOR VALUES FROM ({start}) TO ({end})",
            "CREATE UNIQUE INDEX IF NOT EXISTS {key} ON {day} (tenant_id, idempotency_key)",
        ):
            self.connection.execute(sql.SQL(statement).format(**names, **bounds))

    def event(self, received_at: datetime | None = None, **columns: object) -> uuid.UUID:
        """Insert an event with defaults for what is not given, and return its id."""
        moment, number = received_at or datetime.now(UTC), next(self.numbers)
        self.create_day(moment)
        row = {
            "id": uuid7(moment, number),
            "tenant_id": "tenant_a",
            "event_id": f"event-{number}",
            "idempotency_key": f"key-{number}",
            "event_type": "login",
            "schema_version": 1,
            "occurred_at": moment,
            "received_at": moment,
            "processed_at": moment,
            "payload": Jsonb({}),
            **columns,
        }
        self._insert("events", row)
        return uuid.UUID(str(row["id"]))

    def dead_letter(self, failed_at: datetime | None = None, **columns: object) -> int:
        """Insert a dead letter, count it in the rollups, and return its offset."""
        moment, number = failed_at or datetime.now(UTC), next(self.numbers)
        row = {
            "failed_at": moment,
            "code": "VALIDATION_FAILED",
            "reason": "VALIDATION_FAILED: missing event_type",
            "source_topic": "events.raw",
            "source_topic_id": "topic",
            "source_partition": 0,
            "source_offset": number,
            "tenant_id": "tenant_a",
            "original_bytes": b'{"a": 1.50}',
            **columns,
        }
        self._insert("dlq_events", row)
        self.outcome("dead", 1, moment, tenant_id=str(row["tenant_id"] or ""), code=str(row["code"]))
        return number

    def duplicate(self, request: uuid.UUID, first: uuid.UUID, tenant_id: str = "tenant_a") -> None:
        """Record a request as the duplicate of a stored event."""
        now = datetime.now(UTC)
        row = {"tenant_id": tenant_id, "id": request, "received_at": now, "first_id": first, "seen_at": now}
        self._insert("duplicate_requests", row)

    def outcome(self, outcome: str, n: int, at: datetime, tenant_id: str = "tenant_a", code: str = "") -> None:
        """Count events of an outcome in both rollups."""
        for table, column, bucket in (
            ("throughput", "bucket", at.replace(second=at.second // 10 * 10, microsecond=0)),
            ("throughput_hourly", "hour", at.replace(minute=0, second=0, microsecond=0)),
        ):
            self._count(table, {column: bucket, "tenant_id": tenant_id, "outcome": outcome, "code": code}, n)

    def types(self, event_type: str, n: int, at: datetime, tenant_id: str = "tenant_a") -> None:
        """Count events of a type in all three rollups."""
        minute = at.replace(second=0, microsecond=0)
        for table, column, bucket in (
            ("event_counts", "minute", minute),
            ("event_counts_hourly", "hour", minute.replace(minute=0)),
            ("event_counts_daily", "day", minute.replace(hour=0, minute=0)),
        ):
            self._count(table, {column: bucket, "tenant_id": tenant_id, "event_type": event_type}, n)

    def _count(self, table: str, key: dict[str, Any], n: int) -> None:
        columns = {**key, "source_partition": 0, "n": n}
        query = self._insertion(table, columns) + sql.SQL(
            " ON CONFLICT ({}) DO UPDATE SET n = {}.n + excluded.n"
        ).format(sql.SQL(", ").join(map(sql.Identifier, [*key, "source_partition"])), sql.Identifier(table))
        self.connection.execute(query, columns)

    def _insert(self, table: str, row: dict[str, Any]) -> None:
        self.connection.execute(self._insertion(table, row), row)

    def _insertion(self, table: str, row: dict[str, Any]) -> sql.Composed:
        return sql.SQL("INSERT INTO {} ({}) VALUES ({})").format(
            sql.Identifier(table),
            sql.SQL(", ").join(map(sql.Identifier, row)),
            sql.SQL(", ").join(map(sql.Placeholder, row)),
        )

    def empty(self) -> None:
        """Truncate all tables."""
        self.connection.execute(
            "TRUNCATE events, dlq_events, duplicate_requests, throughput, throughput_hourly, event_counts, "
            "event_counts_hourly, event_counts_daily"
        )


@pytest.fixture(scope="module")
def database(environment: dict[str, str]) -> Iterator[psycopg.Connection[Any]]:
    """A connection with write access."""
    with psycopg.connect(environment["DATABASE_URL"], autocommit=True) as connection:
        yield connection


@pytest.fixture
def store(database: psycopg.Connection[Any]) -> Storable:
    """Empty tables that a test can fill."""
    filled = Storable(database)
    filled.empty()
    return filled


@pytest.fixture(scope="module")
def admin(run_service_for_module: RunService) -> Service:
    """The admin service, shared by the module."""
    return run_service_for_module("admin")


@pytest.fixture(scope="module")
def api(admin: Service) -> Iterator[httpx.Client]:
    """A client that retries 503, because the servers of a busy machine can be too slow."""
    with httpx.Client(base_url=admin.url, timeout=DEADLINE_SECONDS, transport=_RetryingTransport()) as client:
        yield client


class _RetryingTransport(httpx.HTTPTransport):
    def handle_request(self, request: httpx.Request) -> httpx.Response:
        return eventually(lambda: self._response(request), "a response other than 503")

    def _response(self, request: httpx.Request) -> httpx.Response | None:
        found = super().handle_request(request)
        if found.status_code != httpx.codes.SERVICE_UNAVAILABLE:
            return found
        found.close()
        return None
