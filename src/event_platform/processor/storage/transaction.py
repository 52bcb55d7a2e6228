"""One batch into Postgres, in one transaction: its partitions taken, rows, dead letters and counts written."""

from collections import Counter
from collections.abc import Callable
from datetime import date  # noqa: TC003 - annotations are read at run time
from typing import Final

import msgspec
import psycopg

from event_platform.core.connections.postgres import Connection
from event_platform.core.rules.outcome import Dead
from event_platform.processor.monitoring.timings import RecordStep, Step, Stopwatch, ignore_step
from event_platform.processor.storage import (
    binary_copy,
    daily_partitions,
    dead_letters,
    errors,
    offset_store,
    rollups,
    staging,
)
from event_platform.processor.storage.batch import Batch
from event_platform.processor.storage.conflicts import Sorted
from event_platform.processor.storage.errors import Fault
from event_platform.processor.storage.rollups import TypeNames

STAGED_BATCHES: Final = 8
"""Batches that go the careful way at once after the last one that had to, because repeats come in swarms."""

_COPY: Final = f"COPY events ({', '.join(binary_copy.COLUMNS)}) FROM STDIN (FORMAT binary)"


class Stored(msgspec.Struct):
    """What a transaction did."""

    stored: int = 0
    duplicates: int = 0
    dead: Counter[tuple[str, str]] = msgspec.field(default_factory=Counter)
    """How many new dead letters of (code, tenant or '')."""
    was_staged: bool = False


class Store:
    """Writes batches over one connection."""

    def __init__(self, connect: Callable[[], Connection], topic: str, note: RecordStep = ignore_step) -> None:
        """``connect`` gives the open connection, or a new one after the last was lost; ``note`` is told of steps."""
        self._connect = connect
        self._note = note
        self._topic = topic
        self._days: set[date] = set()
        self._types = TypeNames()
        self._prepared_for: Connection | None = None
        self._staged_left = 0

    def store(self, batch: Batch) -> Stored:
        """Write the whole batch, or nothing of it.

        Raises:
            offset_store.FencedError: A partition is not where the batch starts.
            judgement.VanishedError: Try again.
            psycopg.Error: `errors.fault_of` says what it means.
        """
        connection = self._connect()
        self._make_days(connection, batch)
        self._make_staging(connection)
        stopwatch = Stopwatch(self._note)
        try:
            with connection.transaction():
                stored = self._write(connection, batch, stopwatch)
        except BaseException:
            self._types.forget()
            raise
        stopwatch.record(Step.COMMIT)
        return stored

    def forget_days(self) -> None:
        """Look again which days exist, because one was dropped."""
        self._days.clear()

    def _make_days(self, connection: Connection, batch: Batch) -> None:
        missing = batch.days - self._days
        if missing:
            daily_partitions.make(connection, missing)
            self._days |= missing

    def _make_staging(self, connection: Connection) -> None:
        if self._prepared_for is not connection:
            staging.prepare(connection)
            self._prepared_for = connection

    def _write(self, connection: Connection, batch: Batch, stopwatch: Stopwatch) -> Stored:
        offset_store.take(connection, batch.topic_id, batch.spans)
        stopwatch.record(Step.LOCK_OFFSETS)
        straight = self._copy_straight(connection, batch, stopwatch)
        rows = self._store_staged(connection, batch, stopwatch) if straight is None else straight
        new_dead = self._bury(connection, batch, rows, stopwatch)
        self._count(connection, batch, rows, new_dead)
        stopwatch.record(Step.ROLLUPS)
        dead = Counter((str(dead.code), dead.identity.tenant_id or "") for _, dead in new_dead)
        return Stored(len(rows.stored), len(rows.duplicates), dead, was_staged=straight is None)

    def _copy_straight(self, connection: Connection, batch: Batch, stopwatch: Stopwatch) -> Sorted | None:
        """The quick way; None where a row is there already, or cannot be stored."""
        if not batch.rows:
            return Sorted()
        if self._staged_left:
            self._staged_left -= 1
            return None
        try:
            with connection.transaction(), connection.cursor().copy(_COPY) as copy:
                copy.write(batch.copy_data)
        except psycopg.Error as error:
            if errors.fault_of(error) is not Fault.ROW or errors.is_missing_day(error):
                raise
            self._staged_left = STAGED_BATCHES
            return None
        stopwatch.record(Step.COPY)
        return Sorted([place for place, _ in batch.rows])

    def _store_staged(self, connection: Connection, batch: Batch, stopwatch: Stopwatch) -> Sorted:
        rows = staging.store(connection, batch.rows)
        if len(rows.stored) < len(batch.rows):
            self._staged_left = STAGED_BATCHES
        stopwatch.record(Step.STAGED)
        return rows

    def _bury(self, connection: Connection, batch: Batch, rows: Sorted, stopwatch: Stopwatch) -> list[tuple[int, Dead]]:
        """Write the batch's dead letters, and return those that were not there already."""
        letters = [*batch.dead(), *sorted(rows.dead.items())]
        if not letters:
            return []
        records = [(batch.records[place], dead) for place, dead in letters]
        buried = dead_letters.bury(connection, self._topic, batch.topic_id, records)
        stopwatch.record(Step.DEAD_LETTERS)
        return [(p, d) for p, d in letters if (batch.records[p].partition, batch.records[p].offset) in buried]

    def _count(self, connection: Connection, batch: Batch, rows: Sorted, new_dead: list[tuple[int, Dead]]) -> None:
        row_of = dict(batch.rows) if rows.duplicates or len(rows.stored) < len(batch.rows) else {}
        types = batch.types_of((place, row_of[place]) for place in rows.stored) if row_of else batch.types
        outcomes: rollups.Outcomes = Counter()
        for (_, tenant_id, _, partition), n in types.items():
            outcomes[tenant_id, "stored", "", partition] += n
        for place in rows.duplicates:
            outcomes[row_of[place].tenant_id, "duplicate", "", batch.records[place].partition] += 1
        for place, dead in new_dead:
            outcomes[dead.identity.tenant_id or "", "dead", str(dead.code), batch.records[place].partition] += 1
        rollups.add(connection, outcomes, self._types.limit(connection, types))
