"""Whether Postgres takes a good row now: only then can a row that it refuses be the row's own fault."""

from uuid import uuid4

import psycopg

from event_platform.core.connections.postgres import Connection
from event_platform.core.errors import UnavailableError
from event_platform.core.rules import timestamps

_INSERT = """
INSERT INTO events (
    id, tenant_id, event_id, idempotency_key, event_type, schema_version, occurred_at, received_at, payload
)
VALUES (%(id)s, '', 'probe', %(id)s::text, 'probe', 1, %(at)s, %(at)s, '{}')
"""


def probe(connection: Connection, received_at_us: int) -> None:
    """Store a good row of that day, and take it back.

    Raises:
        UnavailableError: Even that is refused.
    """
    try:
        with connection.transaction(force_rollback=True):
            connection.execute(_INSERT, {"id": uuid4(), "at": timestamps.to_datetime(received_at_us)})
    except psycopg.Error as error:
        raise UnavailableError(f"Postgres refuses even a good row: {error}") from error
