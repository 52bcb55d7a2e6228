"""Stores a batch whatever comes in between: fenced partitions, rows that are refused, locks, conflicts."""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from typing import Final

import msgspec
import psycopg

from event_platform.core.errors import UnavailableError
from event_platform.core.rules.outcome import Code, Dead, Outcome, Store
from event_platform.core.telemetry import get_logger
from event_platform.processor.records import Span
from event_platform.processor.storage import errors, offset_store
from event_platform.processor.storage.batch import Batch
from event_platform.processor.storage.conflicts import VanishedError, identity_of
from event_platform.processor.storage.connection import Database
from event_platform.processor.storage.errors import Fault
from event_platform.processor.storage.lock_blockers import BlockerWatch
from event_platform.processor.storage.probe import probe
from event_platform.processor.storage.transaction import Store as Table
from event_platform.processor.storage.transaction import Stored

MAX_QUIET_RETRIES: Final = 20
"""Conflicts in a row after which a person should hear of it."""

MOST_RECORDS: Final = 1_000_000
"""In one transaction, where none was too slow lately."""

log = get_logger(__name__)


class Settled(msgspec.Struct):
    """What became of a batch."""

    done: dict[int, int] = msgspec.field(default_factory=dict)
    """Partitions with the offset at which they go on."""
    moved: set[int] = msgspec.field(default_factory=set)
    """Partitions that have to be looked up anew, because they stand somewhere else."""
    stored: list[Stored] = msgspec.field(default_factory=list)
    """What each transaction did; several where the batch had to be divided."""
    divisions: int = 0


class Writer:
    """One thread's way to Postgres."""

    def __init__(
        self, database: Database, rescue: Database, table: Table, is_ours: Callable[[int, Span], bool]
    ) -> None:
        """Write to ``table`` over ``database``.

        Args:
            database: The connection of ``table``.
            rescue: Another one, to free rows that a stopped process holds.
            table: Where batches go.
            is_ours: Whether Kafka still says that a partition's span is ours.
        """
        self._database = database
        self._rescue = rescue
        self._table = table
        self._is_ours = is_ours
        self._most_records = MOST_RECORDS

    def write(self, batch: Batch) -> Settled:
        """Store all of ``batch`` that is still ours; may be called again with the same batch after any error.

        Raises:
            psycopg.Error: Postgres cannot do it now.
            UnavailableError: The same.
        """
        settled = Settled()
        lost = {p for p, span in batch.spans.items() if not self._is_ours(p, span)}
        for piece in batch.without(lost).pieces(self._most_records):
            self._write(piece, settled)
        return settled

    def _write(self, batch: Batch, settled: Settled) -> None:
        guard: AbstractContextManager[None] = nullcontext()
        for _ in range(MAX_QUIET_RETRIES):
            if not batch.spans:
                return
            try:
                with guard:
                    settled.stored.append(self._table.store(batch))
            except offset_store.FencedError:
                batch = self._drop_fenced(batch, settled)
            except VanishedError:
                continue
            except (psycopg.Error, UnicodeEncodeError) as error:
                if isinstance(guard, BlockerWatch) and errors.fault_of(error) is Fault.LOCKED:
                    # It is no process of ours that holds it: whoever does has to be heard of.
                    raise
                batch, guard = self._after(error, batch, settled)
            else:
                settled.done |= {partition: span.end for partition, span in batch.spans.items()}
                self._most_records = min(MOST_RECORDS, self._most_records + self._most_records // 8 + 1)
                return
        raise UnavailableError(f"storing a batch: {MAX_QUIET_RETRIES} conflicts in a row")

    def _drop_fenced(self, batch: Batch, settled: Settled) -> Batch:
        standing = offset_store.compare(self._database.connection(), batch.topic_id, batch.spans)
        settled.moved |= standing.moved
        settled.done |= {partition: batch.spans[partition].end for partition in standing.done}
        return batch.without(standing.moved | standing.done)

    def _after(
        self, error: psycopg.Error | UnicodeEncodeError, batch: Batch, settled: Settled
    ) -> tuple[Batch, AbstractContextManager[None]]:
        """What is left to be stored after ``error``, and under which guard."""
        fault = errors.fault_of(error)
        if isinstance(error, psycopg.Error) and errors.is_missing_day(error):
            self._table.forget_days()
        elif fault is Fault.LOCKED:
            lost = {p for p, span in batch.spans.items() if not self._is_ours(p, span)}
            pid = self._database.connection().info.backend_pid
            return batch.without(lost), BlockerWatch(self._rescue, pid)
        elif fault is Fault.ROW:
            batch = self._divide(error, batch, settled)
        elif fault is Fault.SLOW and len(batch.records) > 1:
            log.warning("storing a batch took too long; halving it", records=len(batch.records), error=_said(error))
            self._most_records = len(batch.records) // 2
            batch = self._write_halves(batch, settled)
        elif fault in {Fault.OUTAGE, Fault.SLOW}:
            raise error
        return batch, nullcontext()

    def _write_halves(self, batch: Batch, settled: Settled) -> Batch:
        settled.divisions += 1
        for half in batch.halves():
            # A half whose partition the other half found moved is fenced in its turn.
            self._write(half, settled)
        return batch.without(batch.spans)

    def _divide(self, error: Exception, batch: Batch, settled: Settled) -> Batch:
        """Halve the batch until a row is refused alone; only then, and while a good row is taken, is it dead."""
        if len(batch.records) > 1:
            return self._write_halves(batch, settled)
        settled.divisions += 1
        outcome = batch.outcomes[0]
        if not isinstance(outcome, Store):
            raise UnavailableError(f"a dead letter cannot be written: {error}") from error
        probe(self._database.connection(), outcome.row.received_at_us)
        dead: Outcome = Dead(Code.UNSTORABLE, f"Postgres refuses it: {_said(error)}", identity_of(outcome.row))
        return replace(batch, outcomes=(dead,))


def _said(error: Exception) -> str:
    return str(error).splitlines()[0] if str(error) else type(error).__name__
