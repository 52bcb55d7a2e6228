"""Search for events and dead letters by one of their ids, always through an index."""

from typing import Any, Final, LiteralString
from uuid import UUID

from fastapi import Response

from event_platform.admin.queries import dead_letters, events
from event_platform.admin.queries.bounded_page import Page
from event_platform.admin.queries.database import Connection
from event_platform.admin.queries.raw_json import json_response
from event_platform.core.errors import InvalidInputError
from event_platform.core.request_ids import normalize_request_id, parse_request_id

# One step per tenant instead of one per row: https://wiki.postgresql.org/wiki/Loose_indexscan
_TENANTS: Final = """
    WITH RECURSIVE of_events AS (
        (SELECT tenant_id FROM events ORDER BY tenant_id LIMIT 1)
        UNION ALL
        SELECT (SELECT e.tenant_id FROM events e WHERE e.tenant_id > t.tenant_id ORDER BY e.tenant_id LIMIT 1)
        FROM of_events t WHERE t.tenant_id IS NOT NULL
    ), of_dead_letters AS (
        (SELECT tenant_id FROM dlq_events ORDER BY tenant_id LIMIT 1)
        UNION ALL
        SELECT (SELECT d.tenant_id FROM dlq_events d WHERE d.tenant_id > t.tenant_id ORDER BY d.tenant_id LIMIT 1)
        FROM of_dead_letters t WHERE t.tenant_id IS NOT NULL
    )
    SELECT tenant_id FROM of_events WHERE tenant_id IS NOT NULL
    UNION SELECT tenant_id FROM of_dead_letters WHERE tenant_id IS NOT NULL
"""
_FIRST_IDS: Final = "SELECT first_id FROM duplicate_requests WHERE tenant_id = ANY(%(tenants)s) AND id = %(id)s"


async def search(connection: Connection, tenant: str | None, event_id: str | None, request_id: str | None) -> Response:
    """Search by event id within a tenant, or by request id.

    Raises:
        InvalidInputError: The parameters are neither of the two.
    """
    if request_id is not None and event_id is None:
        return await _search_by_request_id(connection, tenant, request_id)
    if event_id is None or tenant is None or request_id is not None:
        raise InvalidInputError("expected tenant and eventId, or requestId with or without tenant")
    return await _search(
        connection, "tenant_id = %(tenant)s AND event_id = %(event_id)s", tenant=tenant, event_id=event_id
    )


async def search_by_idempotency_key(connection: Connection, tenant: str, key: str) -> Response:
    """Search by idempotency key within a tenant."""
    return await _search(connection, "tenant_id = %(tenant)s AND idempotency_key = %(key)s", tenant=tenant, key=key)


async def _search(connection: Connection, condition: LiteralString, **parameters: str) -> Response:
    event_page = await events.read(connection, condition, parameters)
    dead_letter_page = await dead_letters.read(connection, condition, parameters)
    return _response(event_page, dead_letter_page)


async def _search_by_request_id(connection: Connection, tenant: str | None, text: str) -> Response:
    request_id = normalize_request_id(text)
    tenants = [tenant] if tenant is not None else await _all_tenants(connection)
    event_page = await _read_request(connection, tenants, parse_request_id(request_id))
    # A dead letter whose tenant could not be read is found only by a search over all tenants.
    dead_letter_page = await dead_letters.read(
        connection,
        "request_id = %(request_id)s AND (tenant_id = ANY(%(tenants)s) OR (%(all)s AND tenant_id IS NULL))",
        {"request_id": request_id, "tenants": tenants, "all": tenant is None},
    )
    return _response(event_page, dead_letter_page)


async def _read_request(connection: Connection, tenants: list[str], row_id: UUID | None) -> Page:
    """The rows of a request; for a duplicate, those of the first request."""
    if row_id is None:
        return Page()
    firsts = await (await connection.execute(_FIRST_IDS, {"tenants": tenants, "id": row_id})).fetchall()
    ids = [row_id, *(row["first_id"] for row in firsts)]
    condition: LiteralString = "tenant_id = ANY(%(tenants)s) AND id = ANY(%(ids)s)"
    return await events.read(connection, condition, {"tenants": tenants, "ids": ids})


async def _all_tenants(connection: Connection) -> list[str]:
    return [row["tenant_id"] for row in await (await connection.execute(_TENANTS)).fetchall()]


def _response(event_page: Page, dead_letter_page: Page) -> Response:
    body: dict[str, Any] = {
        "events": event_page.rows,
        "dead_letters": dead_letter_page.rows,
        "truncated": event_page.more or dead_letter_page.more,
    }
    return json_response(body)
