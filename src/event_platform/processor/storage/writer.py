"""Stores a batch, whatever happens: fenced partitions, refused rows, locks, conflicts, slow statements.

A partition is fenced if its next offset in Postgres is not where the batch starts: its records are left out.
The transaction itself is in `transaction`, which stages the rows when one of them is refused. Here are the retries
around it: a batch with a refused row, or one that timed out, is split in half; conflicts and locks are retried at once.
An outage is raised: `Retrier` closes the connection, waits, and has the same batch written again.
"""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from typing import Final

import msgspec
import psycopg

from event_platform.core.error_text import first_line
from event_platform.core.errors import UnavailableError
from event_platform.core.rules.outcome import DeadLetter, ReasonCode, Storable, identity_of
from event_platform.core.telemetry import get_logger
from event_platform.processor.polled_records import Span
from event_platform.processor.storage import errors, offset_store
from event_platform.processor.storage.batch import Batch
from event_platform.processor.storage.conflicts import ConflictVanishedError
from event_platform.processor.storage.connection import Database
from event_platform.processor.storage.errors import FailureKind
from event_platform.processor.storage.insert_probe import probe_insert
from event_platform.processor.storage.lock_blockers import LockBlockerTerminator
from event_platform.processor.storage.transaction import TransactionalStore, TransactionResult

MAX_ATTEMPTS: Final = 20
"""Attempts at one transaction, after which the conflicts count as a failure and are logged."""

MAX_RECORDS: Final = 1_000_000
"""Records in one transaction, as long as none has timed out lately."""

log = get_logger(__name__)


class WriteResult(msgspec.Struct):
    """What became of a batch."""

    next_offsets: dict[int, int] = msgspec.field(default_factory=dict)
    """The next offset of each partition that was stored."""
    mismatched: set[int] = msgspec.field(default_factory=set)
    """Partitions that have to be repositioned, because Postgres has another next offset."""
    transactions: list[TransactionResult] = msgspec.field(default_factory=list)
    """What each transaction stored; several if the batch had to be split."""
    splits: int = 0


class BatchWriter:
    """Writes batches to Postgres, for one thread."""

    def __init__(
        self, database: Database, rescue: Database, store: TransactionalStore, is_current: Callable[[int, Span], bool]
    ) -> None:
        """Write to ``store``.

        Args:
            database: The connection that ``store`` uses.
            rescue: Another connection, to terminate backends that hold our locks.
            store: Where batches are stored.
            is_current: Whether a partition is still assigned to us and was not repositioned since its span was read.
        """
        self._database = database
        self._rescue = rescue
        self._store = store
        self._is_current = is_current
        self._max_records = MAX_RECORDS

    def write(self, batch: Batch) -> WriteResult:
        """Store the partitions of ``batch`` that are still ours; after an error it may be called again with the same.

        Raises:
            psycopg.Error: Postgres is unavailable.
            UnavailableError: Postgres refuses even a good row, or conflicts do not end.
        """
        result = WriteResult()
        for part in self._drop_lost(batch).split(self._max_records):
            self._write_part(part, result)
        return result

    def _write_part(self, batch: Batch, result: WriteResult) -> None:
        """Store ``batch`` in one transaction, or in several if that fails."""
        guard: AbstractContextManager[None] = nullcontext()
        for _ in range(MAX_ATTEMPTS):
            if not batch.spans:
                return
            try:
                with guard:
                    result.transactions.append(self._store.store(batch))
            except offset_store.OffsetMismatchError:
                batch = self._drop_fenced(batch, result)
            except ConflictVanishedError:
                continue
            except (psycopg.Error, UnicodeEncodeError) as error:
                if isinstance(guard, LockBlockerTerminator) and errors.classify_error(error) is FailureKind.LOCKED:
                    # No processor of ours holds the lock, so a person has to hear of it.
                    raise
                batch, guard = self._recover(error, batch, result)
            else:
                result.next_offsets |= {partition: span.end for partition, span in batch.spans.items()}
                self._max_records = min(MAX_RECORDS, self._max_records + self._max_records // 8 + 1)
                return
        raise UnavailableError(f"storing a batch: {MAX_ATTEMPTS} conflicts in a row")

    def _drop_lost(self, batch: Batch) -> Batch:
        return batch.without_partitions({p for p, span in batch.spans.items() if not self._is_current(p, span)})

    def _drop_fenced(self, batch: Batch, result: WriteResult) -> Batch:
        mismatches = offset_store.find_mismatches(self._database.connection(), batch.topic_id, batch.spans)
        result.mismatched |= mismatches.elsewhere
        result.next_offsets |= {partition: batch.spans[partition].end for partition in mismatches.at_end}
        return batch.without_partitions(mismatches.elsewhere | mismatches.at_end)

    def _recover(
        self, error: psycopg.Error | UnicodeEncodeError, batch: Batch, result: WriteResult
    ) -> tuple[Batch, AbstractContextManager[None]]:
        """What is left to be stored after ``error``, and the context of the next attempt.

        Raises:
            psycopg.Error: ``error`` itself, if it is an outage.
        """
        kind = errors.classify_error(error)
        if isinstance(error, psycopg.Error) and errors.is_missing_partition(error):
            self._store.forget_days()
        elif kind is FailureKind.LOCKED:
            pid = self._database.connection().info.backend_pid
            return self._drop_lost(batch), LockBlockerTerminator(self._rescue, pid)
        elif kind is FailureKind.ROW_REFUSED:
            batch = self._isolate_refused_row(error, batch, result)
        elif kind is FailureKind.TIMEOUT and len(batch.records) > 1:
            log.warning("storing a batch timed out; splitting it", records=len(batch.records), error=first_line(error))
            self._max_records = len(batch.records) // 2
            batch = self._write_halves(batch, result)
        elif kind in {FailureKind.OUTAGE, FailureKind.TIMEOUT}:
            raise error
        return batch, nullcontext()

    def _write_halves(self, batch: Batch, result: WriteResult) -> Batch:
        """Store the batch as two, and return what is left, which is nothing."""
        result.splits += 1
        for half in batch.halves():
            # If a partition of the first half was fenced, the second half is fenced as well.
            self._write_part(half, result)
        return batch.without_partitions(batch.spans)

    def _isolate_refused_row(self, error: Exception, batch: Batch, result: WriteResult) -> Batch:
        """Halve the batch until one row is left; if Postgres accepts a good row, that one is dead-lettered."""
        if len(batch.records) > 1:
            return self._write_halves(batch, result)
        result.splits += 1
        outcome = batch.outcomes[0]
        if not isinstance(outcome, Storable):
            raise UnavailableError(f"a dead letter cannot be written: {error}") from error
        probe_insert(self._database.connection(), outcome.row.received_at_us)
        detail = f"Postgres refuses it: {first_line(error)}"
        return replace(batch, outcomes=(DeadLetter(ReasonCode.UNSTORABLE, detail, identity_of(outcome.row)),))
