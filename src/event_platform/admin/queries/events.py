"""Stored events, newest first."""

from collections.abc import Mapping
from typing import Any, Final, LiteralString

from psycopg import sql

from event_platform.admin.queries.bounded_page import Page, read_page
from event_platform.admin.queries.database import Connection
from event_platform.admin.queries.raw_json import embed
from event_platform.core.request_ids import format_request_id

MAX_EVENTS: Final = 100

_SELECT: Final = sql.SQL("""
    SELECT id, tenant_id, event_id, idempotency_key, event_type, schema_version, occurred_at, received_at,
           processed_at, status, payload::text AS payload, extensions::text AS extensions
    FROM events WHERE {condition} ORDER BY received_at DESC LIMIT %(limit)s
""")


async def read(connection: Connection, condition: LiteralString, parameters: Mapping[str, Any]) -> Page:
    """At most 100 events that match the SQL ``condition``, which must be one that an index supports."""
    query = _SELECT.format(condition=sql.SQL(condition))
    page = await read_page(connection, query, parameters, MAX_EVENTS, _json_bytes)
    return Page([_to_json(row) for row in page.rows], page.more)


def _json_bytes(row: dict[str, Any]) -> int:
    return len(row["payload"]) + len(row["extensions"] or "")


def _to_json(row: dict[str, Any]) -> dict[str, Any]:
    return {
        **row,
        "request_id": format_request_id(row["id"]),
        "payload": embed(row["payload"]),
        "extensions": embed(row["extensions"]),
    }
