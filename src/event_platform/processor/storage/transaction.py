"""The one transaction that stores a batch: offsets, rows, dead letters and rollups, or nothing."""

from collections import Counter
from collections.abc import Callable
from datetime import date  # noqa: TC003 - annotations are read at run time
from typing import Final

import msgspec
import psycopg

from event_platform.core.connections.postgres import Connection
from event_platform.core.rules.outcome import DeadLetter
from event_platform.processor.monitoring.timings import RecordStep, Step, Stopwatch, ignore_step
from event_platform.processor.storage import (
    binary_copy,
    daily_partitions,
    errors,
    offset_store,
    rollups,
    staging,
)
from event_platform.processor.storage.batch import Batch
from event_platform.processor.storage.dead_letters import insert_dead_letters
from event_platform.processor.storage.rollups import CountedTypes
from event_platform.processor.storage.staging import InsertResult

STAGED_BATCHES: Final = 8
"""Batches that are staged without trying COPY after the last one with a conflict, because conflicts come in bursts."""

_COPY: Final = f"COPY events ({', '.join(binary_copy.COLUMNS)}) FROM STDIN (FORMAT binary)"


class TransactionResult(msgspec.Struct):
    """What one transaction stored."""

    stored: int = 0
    duplicates: int = 0
    dead_letters: Counter[tuple[str, str]] = msgspec.field(default_factory=Counter)
    """Number of new dead letters by (code, tenant or '')."""
    was_staged: bool = False


class TransactionalStore:
    """Stores batches over one connection, each in one transaction."""

    def __init__(self, connect: Callable[[], Connection], topic: str, record_step: RecordStep = ignore_step) -> None:
        """Store records of ``topic``.

        Args:
            connect: Returns the open connection, or a new one after the last was lost.
            topic: Name of the topic that the records come from.
            record_step: Called with every step of a transaction and its seconds.
        """
        self._connect = connect
        self._record_step = record_step
        self._topic = topic
        self._existing_days: set[date] = set()
        self._counted_types = CountedTypes()
        self._staging_made_on: Connection | None = None
        self._staged_batches_left = 0

    def store(self, batch: Batch) -> TransactionResult:
        """Store the whole batch, or nothing of it.

        Raises:
            offset_store.OffsetMismatchError: A partition's next offset is not where the batch starts.
            conflicts.ConflictVanishedError: A conflicting row vanished meanwhile; retry.
            psycopg.Error: `errors.classify_error` says what it means.
        """
        connection = self._connect()
        # Outside the transaction, because the connection commits each statement by itself.
        self._create_missing_days(connection, batch)
        self._create_staging_table(connection)
        stopwatch = Stopwatch(self._record_step)
        try:
            with connection.transaction():
                result = self._write(connection, batch, stopwatch)
        except BaseException:
            self._counted_types.clear()
            raise
        stopwatch.record(Step.COMMIT)
        return result

    def forget_days(self) -> None:
        """Check again which daily partitions exist, because one was dropped."""
        self._existing_days.clear()

    def _create_missing_days(self, connection: Connection, batch: Batch) -> None:
        missing = batch.received_days - self._existing_days
        if missing:
            daily_partitions.create(connection, missing)
            self._existing_days |= missing

    def _create_staging_table(self, connection: Connection) -> None:
        if self._staging_made_on is not connection:
            staging.create_staging_table(connection)
            self._staging_made_on = connection

    def _write(self, connection: Connection, batch: Batch, stopwatch: Stopwatch) -> TransactionResult:
        """Advance the offsets if they are still ours, insert rows and dead letters, and count what is new."""
        offset_store.advance_offsets(connection, batch.topic_id, batch.spans)
        stopwatch.record(Step.LOCK_OFFSETS)
        rows = self._copy(connection, batch, stopwatch)
        if rows is None:
            rows = self._insert_staged(connection, batch, stopwatch)
        new_dead_letters = self._insert_dead_letters(connection, batch, rows, stopwatch)
        outcomes, types = _count(batch, rows, new_dead_letters)
        rollups.add(connection, outcomes, self._counted_types.limit(connection, types))
        stopwatch.record(Step.ROLLUPS)
        by_code = Counter((str(dead.code), dead.identity.tenant_id or "") for _, dead in new_dead_letters)
        return TransactionResult(
            stored=len(rows.stored), duplicates=len(rows.duplicates), dead_letters=by_code, was_staged=rows.was_staged
        )

    def _copy(self, connection: Connection, batch: Batch, stopwatch: Stopwatch) -> InsertResult | None:
        """COPY the rows straight into ``events``; None if one conflicts or is refused, so that they must be staged."""
        if not batch.rows:
            return InsertResult()
        if self._staged_batches_left:
            self._staged_batches_left -= 1
            return None
        try:
            # The inner transaction is a savepoint: a refused COPY leaves the offsets advanced.
            with connection.transaction(), connection.cursor().copy(_COPY) as copy:
                copy.write(batch.copy_data)
        except psycopg.Error as error:
            if not errors.is_row_refused(error):
                raise
            self._staged_batches_left = STAGED_BATCHES
            return None
        stopwatch.record(Step.COPY)
        return InsertResult(stored=[index for index, _ in batch.rows])

    def _insert_staged(self, connection: Connection, batch: Batch, stopwatch: Stopwatch) -> InsertResult:
        rows = staging.insert_rows(connection, batch.rows)
        if len(rows.stored) < len(batch.rows):
            self._staged_batches_left = STAGED_BATCHES
        stopwatch.record(Step.STAGED)
        return rows

    def _insert_dead_letters(
        self, connection: Connection, batch: Batch, rows: InsertResult, stopwatch: Stopwatch
    ) -> list[tuple[int, DeadLetter]]:
        """Insert the batch's dead letters, and return those that were not there already."""
        dead_letters = [*batch.dead_letters(), *sorted(rows.dead_letters.items())]
        if not dead_letters:
            return []
        pairs = [(batch.records[index], dead_letter) for index, dead_letter in dead_letters]
        new = insert_dead_letters(connection, self._topic, batch.topic_id, pairs)
        stopwatch.record(Step.DEAD_LETTERS)
        return [
            (index, dead_letter)
            for index, dead_letter in dead_letters
            if (batch.records[index].partition, batch.records[index].offset) in new
        ]


def _count(
    batch: Batch, rows: InsertResult, new_dead_letters: list[tuple[int, DeadLetter]]
) -> tuple[rollups.OutcomeCounts, rollups.TypeCounts]:
    """Count what the transaction really added, by outcome and by type."""
    all_stored = not rows.duplicates and len(rows.stored) == len(batch.rows)
    by_index = {} if all_stored else dict(batch.rows)
    types = batch.type_counts if all_stored else batch.count_types((index, by_index[index]) for index in rows.stored)
    outcomes: rollups.OutcomeCounts = Counter()
    for (_, tenant_id, _, partition), n in types.items():
        outcomes[tenant_id, "stored", "", partition] += n
    for index in rows.duplicates:
        outcomes[by_index[index].tenant_id, "duplicate", "", batch.records[index].partition] += 1
    for index, dead in new_dead_letters:
        outcomes[dead.identity.tenant_id or "", "dead", str(dead.code), batch.records[index].partition] += 1
    return outcomes, types
