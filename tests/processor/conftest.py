"""Batches for the module's database, without Kafka."""

import itertools
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import psycopg
import pytest

from event_platform.core.rules.validate import ValidationRules
from event_platform.core.settings.model import Settings
from event_platform.processor import pipeline
from event_platform.processor.polled_records import PolledRecords, Record, Span
from event_platform.processor.storage import offset_store
from event_platform.processor.storage.batch import Batch
from event_platform.processor.storage.connection import Database
from event_platform.processor.storage.offset_store import PartitionId
from event_platform.processor.storage.transaction import TransactionalStore
from event_platform.processor.storage.writer import BatchWriter, WriteResult

_numbers = itertools.count(1)


@dataclass
class Bench:
    """A writer on the module's database, with a topic that exists in Postgres only."""

    settings: Settings
    topic_id: str = field(default_factory=lambda: f"topic-{next(_numbers)}")
    rules: ValidationRules = field(default_factory=lambda: ValidationRules(frozenset({1}), 30))

    def __post_init__(self) -> None:
        """Connect, and start three partitions at offset 0."""
        self.database = Database(self.settings)
        self.rescue = Database(self.settings)
        self.writer = self.new_writer(self.database)
        for partition in range(3):
            offset_store.insert_start_offset(self.connection, PartitionId("raw", self.topic_id, partition), 0)

    def new_writer(self, database: Database) -> BatchWriter:
        """Make another writer, on ``database``."""
        return BatchWriter(
            database, self.rescue, TransactionalStore(database.connection, "raw"), lambda _partition, _span: True
        )

    @property
    def connection(self) -> psycopg.Connection[Any]:
        """The writer's connection."""
        return self.database.connection()

    def batch(self, *values: bytes | None, start: int = 0, partition: int = 0) -> Batch:
        """Make a batch of ``values`` at consecutive offsets of a partition."""
        records = tuple(
            Record(partition, start + i, value, b"key", (("h", b"\x00"),)) for i, value in enumerate(values)
        )
        taken = PolledRecords(self.topic_id, records, {partition: Span(start, start + len(values))})
        return pipeline.decide(taken, self.rules, datetime.now(UTC))

    def write(self, *values: bytes | None, start: int = 0, partition: int = 0) -> WriteResult:
        """Store ``values`` as one batch."""
        return self.writer.write(self.batch(*values, start=start, partition=partition))

    def query(self, statement: str, *parameters: object) -> list[tuple[Any, ...]]:
        """Return the rows of one statement."""
        return self.connection.execute(statement.encode(), parameters).fetchall()

    def one(self, statement: str, *parameters: object) -> Any:  # noqa: ANN401 - a column of any type
        """Return the only value of one statement."""
        return self.query(statement, *parameters)[0][0]


@pytest.fixture
def bench(settings: Settings) -> Iterator[Bench]:
    """A bench whose connections are closed after the test."""
    made = Bench(settings)
    yield made
    made.database.close()
    made.rescue.close()


MakeMessage = Callable[..., bytes]


@pytest.fixture
def message() -> MakeMessage:
    """Make a raw message of a tenant of this test: ``event`` members by name, the wrapper's with ``wrapper_``."""
    tenant = f"tenant-{next(_numbers)}"

    def make(received_at: datetime | None = None, **changes: object) -> bytes:
        number = next(_numbers)
        now = (received_at or datetime.now(UTC)).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        wrapper = {
            name.removeprefix("wrapper_"): changes.pop(name) for name in list(changes) if name.startswith("wrapper_")
        }
        event = {"event_id": "e", "event_type": "t", "schema_version": 1, "occurred_at": "2026-01-01T00:00:00Z"}
        fields = {
            "tenant_id": tenant,
            "received_at": now,
            "request_id": f"req_{uuid4()}",
            "idempotency_key": f"k{number}",
        }
        return json.dumps({**fields, **wrapper, "event": {**event, "payload": {"a": 1}, **changes}}).encode()

    return make
