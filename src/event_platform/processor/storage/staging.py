"""Inserts rows into ``events`` through a staging table, past rows that conflict or that Postgres refuses."""

from collections.abc import Sequence
from typing import Final

import msgspec
import psycopg

from event_platform.core.connections.postgres import Connection
from event_platform.core.rules.outcome import DeadLetter, EventRow, IndexedRow, ReasonCode, identity_of
from event_platform.processor.storage import binary_copy, errors
from event_platform.processor.storage.conflicts import classify_conflicts

_COLUMNS: Final = ", ".join(binary_copy.COLUMNS)

_CREATE: Final = """
CREATE TEMPORARY TABLE IF NOT EXISTS staged_events (
    ordinal integer, id uuid, tenant_id text, event_id text, idempotency_key text, event_type text,
    schema_version integer, occurred_at timestamptz, received_at timestamptz, payload text, extensions text
) ON COMMIT DELETE ROWS
"""

_COPY: Final = f"COPY pg_temp.staged_events (ordinal, {_COLUMNS}) FROM STDIN (FORMAT binary)"

_DELETE_REFUSED: Final = """
DELETE FROM pg_temp.staged_events
WHERE NOT pg_input_is_valid(payload, 'jsonb') OR NOT coalesce(pg_input_is_valid(extensions, 'jsonb'), true)
RETURNING ordinal, coalesce(
    (pg_input_error_info(payload, 'jsonb')).message, (pg_input_error_info(extensions, 'jsonb')).message
)
"""

# Returns the rows that were *not* inserted, because they are few.
_INSERT: Final = f"""
WITH inserted AS (
    INSERT INTO events ({_COLUMNS})
    SELECT id, tenant_id, event_id, idempotency_key, event_type, schema_version, occurred_at, received_at,
           payload::jsonb, extensions::jsonb
    FROM pg_temp.staged_events ORDER BY ordinal
    ON CONFLICT DO NOTHING
    RETURNING tenant_id, id, received_at, idempotency_key
)
SELECT ordinal FROM pg_temp.staged_events
WHERE (tenant_id, id, received_at, idempotency_key) NOT IN (SELECT * FROM inserted)
"""  # noqa: S608 - the columns are constants


class InsertResult(msgspec.Struct):
    """What became of a batch's rows, by index; a row that is in none of the three was redelivered."""

    stored: list[int] = msgspec.field(default_factory=list)
    duplicates: list[int] = msgspec.field(default_factory=list)
    dead_letters: dict[int, DeadLetter] = msgspec.field(default_factory=dict)
    was_staged: bool = False


def create_staging_table(connection: Connection) -> None:
    """Create the session's staging table; call it outside a transaction."""
    connection.execute(_CREATE)


def insert_rows(connection: Connection, rows: Sequence[IndexedRow]) -> InsertResult:
    """Insert the rows that are not in ``events`` yet, and classify the others.

    Raises:
        conflicts.ConflictVanishedError: Retry the transaction.
        psycopg.Error: One of the rows cannot be stored, or Postgres is unavailable.
    """
    by_index = dict(_drop_repeats(rows))
    with connection.cursor().copy(_COPY) as copy:
        copy.write(binary_copy.encode_staged(by_index.items()))
    conflicting, refused = _insert(connection, by_index)
    found = classify_conflicts(connection, [(index, by_index[index]) for index in sorted(conflicting)])
    stored = [index for index in by_index if index not in refused and index not in conflicting]
    return InsertResult(
        stored=stored, duplicates=found.duplicates, dead_letters=found.dead_letters | refused, was_staged=True
    )


def _insert(connection: Connection, by_index: dict[int, EventRow]) -> tuple[set[int], dict[int, DeadLetter]]:
    """Insert the staged rows; returns the indexes of conflicting ones, and dead letters for refused ones."""
    try:
        # Checking every value first would add a sixth to the whole insert, and is hardly ever needed.
        with connection.transaction():
            return {int(index) for (index,) in connection.execute(_INSERT)}, {}
    except psycopg.Error as error:
        if not errors.is_row_refused(error):
            raise
    refused = _delete_refused(connection, by_index)
    return {int(index) for (index,) in connection.execute(_INSERT)}, refused


def _drop_repeats(rows: Sequence[IndexedRow]) -> list[IndexedRow]:
    """The rows without copies of a request that comes earlier in the batch; a copy counts as redelivered."""
    first: dict[tuple[str, bytes, int, str], IndexedRow] = {}
    for index, row in rows:
        first.setdefault((row.tenant_id, row.id, row.received_at_us, row.idempotency_key), (index, row))
    return list(first.values())


def _delete_refused(connection: Connection, by_index: dict[int, EventRow]) -> dict[int, DeadLetter]:
    return {
        int(index): DeadLetter(ReasonCode.UNSTORABLE, f"Postgres refuses it: {message}", identity_of(by_index[index]))
        for index, message in connection.execute(_DELETE_REFUSED)
    }
