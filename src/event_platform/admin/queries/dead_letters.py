"""Dead letters with their original bytes, newest first."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, LiteralString

import msgspec
from fastapi import Response
from psycopg import sql

from event_platform.admin.queries import dead_letter_counts, page_cursor
from event_platform.admin.queries.bounded_page import Page, read_page
from event_platform.admin.queries.database import Connection
from event_platform.admin.queries.page_cursor import PageCursor
from event_platform.admin.queries.raw_json import json_response
from event_platform.core import record_value_encoding

MAX_DEAD_LETTERS: Final = 100

_SELECT: Final = sql.SQL("""
    SELECT id, failed_at, code, reason, tenant_id, event_id, idempotency_key, request_id,
           source_topic, source_partition, source_offset, original_bytes
    FROM dlq_events WHERE {condition} ORDER BY failed_at DESC, id DESC LIMIT %(limit)s
""")

_CONDITIONS: Final[Mapping[str, LiteralString]] = {
    "code": "code = %(code)s",
    "tenant": "tenant_id = %(tenant)s",
    "failed_at": "(failed_at, id) < (%(failed_at)s, %(id)s)",
}


@dataclass(frozen=True, slots=True)
class DeadLetterQuery:
    """Filters and position of a page of dead letters; None: any code, any tenant, the first page."""

    limit: int
    code: str | None = None
    tenant: str | None = None
    before: str | None = None

    @property
    def parameters(self) -> dict[str, Any]:
        """The query's parameters; those that have a condition are named like it."""
        filters = {"code": self.code, "tenant": self.tenant}
        position = {}
        if self.before:
            cursor = page_cursor.decode(self.before)
            position = {"failed_at": cursor.failed_at, "id": cursor.id}
        return {name: value for name, value in filters.items() if value is not None} | position


async def read_dead_letter_page(connection: Connection, query: DeadLetterQuery) -> Response:
    """A page of dead letters, with the total and the cursor of the next page."""
    parameters = query.parameters
    conditions = [sql.SQL(text) for name, text in _CONDITIONS.items() if name in parameters]
    condition = sql.SQL(" AND ").join(conditions or [sql.SQL("true")])
    page = await _read(connection, condition, parameters, query.limit)
    return json_response(
        {
            "total": await dead_letter_counts.count_total(connection, query.code, query.tenant),
            "dead_letters": [_to_json(row) for row in page.rows],
            "next": _cursor_after(page.rows[-1]) if page.more else None,
        }
    )


async def read(connection: Connection, condition: LiteralString, parameters: Mapping[str, Any]) -> Page:
    """At most 100 dead letters that match the SQL ``condition``, which must be one that an index supports."""
    page = await _read(connection, sql.SQL(condition), parameters, MAX_DEAD_LETTERS)
    return Page([_to_json(row) for row in page.rows], page.more)


async def _read(connection: Connection, condition: sql.Composable, parameters: Mapping[str, Any], limit: int) -> Page:
    return await read_page(connection, _SELECT.format(condition=condition), parameters, limit, _original_bytes)


def _original_bytes(row: dict[str, Any]) -> int:
    return len(row["original_bytes"] or b"")


def _cursor_after(row: dict[str, Any]) -> str:
    return page_cursor.encode(PageCursor(row["failed_at"], row["id"]))


def _to_json(row: dict[str, Any]) -> dict[str, Any]:
    rendered = record_value_encoding.embed(row["original_bytes"])
    names = ("failed_at", "code", "reason", "tenant_id", "event_id", "idempotency_key", "request_id")
    return {
        "id": str(row["id"]),
        **{name: row[name] for name in names},
        "source": {name: row[f"source_{name}"] for name in ("topic", "partition", "offset")},
        "original": msgspec.Raw(rendered.text),
        "original_encoding": rendered.encoding,
    }
