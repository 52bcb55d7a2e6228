"""The careful way into the table ``events``: through a staging table, telling apart what is there already."""

from collections.abc import Sequence
from typing import Final

import psycopg

from event_platform.core.connections.postgres import Connection
from event_platform.core.rules.outcome import Code, Dead, Row
from event_platform.processor.storage import binary_copy, conflicts, errors
from event_platform.processor.storage.conflicts import Placed, Sorted
from event_platform.processor.storage.errors import Fault

_COLUMNS: Final = ", ".join(binary_copy.COLUMNS)

_CREATE: Final = """
CREATE TEMPORARY TABLE IF NOT EXISTS staged_events (
    ordinal integer, id uuid, tenant_id text, event_id text, idempotency_key text, event_type text,
    schema_version integer, occurred_at timestamptz, received_at timestamptz, payload text, extensions text
) ON COMMIT DELETE ROWS
"""

_COPY: Final = f"COPY pg_temp.staged_events (ordinal, {_COLUMNS}) FROM STDIN (FORMAT binary)"

_SET_ASIDE: Final = """
DELETE FROM pg_temp.staged_events
WHERE NOT pg_input_is_valid(payload, 'jsonb') OR NOT coalesce(pg_input_is_valid(extensions, 'jsonb'), true)
RETURNING ordinal, coalesce(
    (pg_input_error_info(payload, 'jsonb')).message, (pg_input_error_info(extensions, 'jsonb')).message
)
"""

# It gives the rows that were *not* inserted, because those are few.
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


def prepare(connection: Connection) -> None:
    """Make the session's staging table; outside a transaction."""
    connection.execute(_CREATE)


def store(connection: Connection, rows: Sequence[Placed]) -> Sorted:
    """Store those of ``rows`` that are not there yet, and sort out the others.

    Raises:
        conflicts.VanishedError: Try the transaction again.
        psycopg.Error: A row among them cannot be stored, or Postgres cannot now.
    """
    by_place = dict(_without_copies(rows))
    with connection.cursor().copy(_COPY) as copy:
        copy.write(binary_copy.encode_staged(by_place.items()))
    there, refused = _insert(connection, by_place)
    found = conflicts.judge(connection, [(place, by_place[place]) for place in sorted(there)])
    found.stored = [place for place in by_place if place not in refused and place not in there]
    found.dead |= refused
    return found


def _insert(connection: Connection, by_place: dict[int, Row]) -> tuple[set[int], dict[int, Dead]]:
    """The places of rows that are there already, and the dead letters of those whose values Postgres refuses."""
    try:
        # Asking of each value first whether it is valid costs a sixth of the whole, and is hardly ever needed.
        with connection.transaction():
            return {int(place) for (place,) in connection.execute(_INSERT)}, {}
    except psycopg.Error as error:
        if errors.fault_of(error) is not Fault.ROW or errors.is_missing_day(error):
            raise
    refused = _set_aside(connection, by_place)
    return {int(place) for (place,) in connection.execute(_INSERT)}, refused


def _without_copies(rows: Sequence[Placed]) -> list[Placed]:
    """Leave out what repeats a request that comes earlier in the batch; it counts as redelivered."""
    first: dict[tuple[str, bytes, int, str], Placed] = {}
    for place, row in rows:
        first.setdefault((row.tenant_id, row.id, row.received_at_us, row.idempotency_key), (place, row))
    return list(first.values())


def _set_aside(connection: Connection, by_place: dict[int, Row]) -> dict[int, Dead]:
    return {
        int(place): Dead(Code.UNSTORABLE, f"Postgres refuses it: {message}", conflicts.identity_of(by_place[place]))
        for place, message in connection.execute(_SET_ASIDE)
    }
