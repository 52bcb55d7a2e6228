"""Checks whether Postgres accepts a good row: only then can a refused row itself be at fault."""

from typing import Final
from uuid import uuid4

import psycopg

from event_platform.core.connections.postgres import Connection
from event_platform.core.errors import UnavailableError
from event_platform.core.rules import timestamps

_INSERT: Final = """
INSERT INTO events (
    id, tenant_id, event_id, idempotency_key, event_type, schema_version, occurred_at, received_at, payload
)
VALUES (%(id)s, '', 'probe', %(id)s::text, 'probe', 1, %(at)s, %(at)s, '{}')
"""


def probe_insert(connection: Connection, received_at_us: int) -> None:
    """Insert a good row into the partition of ``received_at_us``, and roll it back.

    Raises:
        UnavailableError: Postgres refuses even that row.
    """
    try:
        with connection.transaction(force_rollback=True):
            connection.execute(_INSERT, {"id": uuid4(), "at": timestamps.to_datetime(received_at_us)})
    except psycopg.Error as error:
        raise UnavailableError(f"Postgres refuses even a good row: {error}") from error
