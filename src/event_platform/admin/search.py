"""Finds events and dead letters by one of their names, always through an index."""

from typing import Any, Final, LiteralString
from uuid import UUID

from fastapi import Response

from event_platform.admin import dead_letters, events
from event_platform.admin.database import Connection
from event_platform.admin.raw_json import Page, answer
from event_platform.core.errors import InvalidInputError
from event_platform.core.request_ids import parse_request_id

# One step per tenant instead of one per row: https://wiki.postgresql.org/wiki/Loose_indexscan
_TENANTS: Final = """
    WITH RECURSIVE of_events AS (
        (SELECT tenant_id FROM events ORDER BY tenant_id LIMIT 1)
        UNION ALL
        SELECT (SELECT e.tenant_id FROM events e WHERE e.tenant_id > t.tenant_id ORDER BY e.tenant_id LIMIT 1)
        FROM of_events t WHERE t.tenant_id IS NOT NULL
    ), of_letters AS (
        (SELECT tenant_id FROM dlq_events ORDER BY tenant_id LIMIT 1)
        UNION ALL
        SELECT (SELECT d.tenant_id FROM dlq_events d WHERE d.tenant_id > t.tenant_id ORDER BY d.tenant_id LIMIT 1)
        FROM of_letters t WHERE t.tenant_id IS NOT NULL
    )
    SELECT tenant_id FROM of_events WHERE tenant_id IS NOT NULL
    UNION SELECT tenant_id FROM of_letters WHERE tenant_id IS NOT NULL
"""
_FIRSTS: Final = "SELECT first_id FROM duplicate_requests WHERE tenant_id = ANY(%(tenants)s) AND id = %(id)s"


async def search(connection: Connection, tenant: str | None, event_id: str | None, request_id: str | None) -> Response:
    """By event id within a tenant, or by request id.

    Raises:
        InvalidInputError: It is neither of the two.
    """
    if request_id is not None and event_id is None:
        return await _by_request_id(connection, tenant, request_id)
    if event_id is None or tenant is None or request_id is not None:
        raise InvalidInputError("expected tenant and eventId, or requestId with or without tenant")
    return await _find(
        connection, "tenant_id = %(tenant)s AND event_id = %(event_id)s", tenant=tenant, event_id=event_id
    )


async def by_idempotency_key(connection: Connection, tenant: str, key: str) -> Response:
    """By idempotency key within a tenant."""
    return await _find(connection, "tenant_id = %(tenant)s AND idempotency_key = %(key)s", tenant=tenant, key=key)


async def _find(connection: Connection, condition: LiteralString, **parameters: str) -> Response:
    stored = await events.read(connection, condition, parameters)
    dead = await dead_letters.read(connection, condition, parameters)
    return _answer(stored, dead)


async def _by_request_id(connection: Connection, tenant: str | None, text: str) -> Response:
    name = _with_prefix(text)
    tenants = [tenant] if tenant is not None else await _tenants(connection)
    stored = await _stored_as(connection, tenants, parse_request_id(name))
    # A letter whose tenant could not be read belongs to nobody's search but the one over all tenants.
    dead = await dead_letters.read(
        connection,
        "request_id = %(name)s AND (tenant_id = ANY(%(tenants)s) OR (%(all)s AND tenant_id IS NULL))",
        {"name": name, "tenants": tenants, "all": tenant is None},
    )
    return _answer(stored, dead)


async def _stored_as(connection: Connection, tenants: list[str], row_id: UUID | None) -> Page:
    """The rows of a request, which are its first one's where it was a duplicate."""
    if row_id is None:
        return Page()
    firsts = await (await connection.execute(_FIRSTS, {"tenants": tenants, "id": row_id})).fetchall()
    ids = [row_id, *(row["first_id"] for row in firsts)]
    condition: LiteralString = "tenant_id = ANY(%(tenants)s) AND id = ANY(%(ids)s)"
    return await events.read(connection, condition, {"tenants": tenants, "ids": ids})


async def _tenants(connection: Connection) -> list[str]:
    return [row["tenant_id"] for row in await (await connection.execute(_TENANTS)).fetchall()]


def _with_prefix(text: str) -> str:
    return text if text.startswith("req_") else f"req_{text.lower()}"


def _answer(stored: Page, dead: Page) -> Response:
    found: dict[str, Any] = {"events": stored.rows, "dead_letters": dead.rows, "truncated": stored.more or dead.more}
    return answer(found)
