"""Dead letters with their original bytes, newest first."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, LiteralString

import msgspec
from fastapi import Response
from psycopg import sql

from event_platform.admin import cursor, dead_letter_counts
from event_platform.admin.database import Connection
from event_platform.admin.raw_json import Page, answer, read_page
from event_platform.core import embedded_value

MAX_FOUND: Final = 100

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


@dataclass(frozen=True)
class PageWanted:
    """Which page of dead letters; None: of any code, any tenant, the first page."""

    limit: int
    code: str | None = None
    tenant: str | None = None
    before: str | None = None

    @property
    def parameters(self) -> dict[str, Any]:
        """What is filtered by, by the names of the conditions."""
        given = {"code": self.code, "tenant": self.tenant}
        place = vars(cursor.decode(self.before)) if self.before else {}
        return {name: value for name, value in given.items() if value is not None} | place


async def page(connection: Connection, wanted: PageWanted) -> Response:
    """A page of dead letters, with where the next one begins."""
    parameters = wanted.parameters
    conditions = [sql.SQL(text) for name, text in _CONDITIONS.items() if name in parameters]
    found = await _read(connection, sql.SQL(" AND ").join(conditions or [sql.SQL("true")]), parameters, wanted.limit)
    return answer(
        {
            "total": await dead_letter_counts.total(connection, wanted.code, wanted.tenant),
            "dead_letters": [_shown(row) for row in found.rows],
            "next": _place_of(found.rows[-1]) if found.more else None,
        }
    )


async def read(connection: Connection, condition: LiteralString, parameters: Mapping[str, Any]) -> Page:
    """At most 100 dead letters for which the SQL ``condition`` holds; it must be one that an index answers."""
    found = await _read(connection, sql.SQL(condition), parameters, MAX_FOUND)
    return Page([_shown(row) for row in found.rows], found.more)


async def _read(connection: Connection, condition: sql.Composable, parameters: Mapping[str, Any], limit: int) -> Page:
    return await read_page(connection, _SELECT.format(condition=condition), parameters, limit, _bytes_of)


def _bytes_of(row: dict[str, Any]) -> int:
    return len(row["original_bytes"] or b"")


def _place_of(row: dict[str, Any]) -> str:
    return cursor.encode(cursor.Position(row["failed_at"], row["id"]))


def _shown(row: dict[str, Any]) -> dict[str, Any]:
    rendered = embedded_value.embed(row["original_bytes"])
    names = ("failed_at", "code", "reason", "tenant_id", "event_id", "idempotency_key", "request_id")
    return {
        "id": str(row["id"]),
        **{name: row[name] for name in names},
        "source": {name: row[f"source_{name}"] for name in ("topic", "partition", "offset")},
        "original": msgspec.Raw(rendered.text),
        "original_encoding": rendered.encoding,
    }
