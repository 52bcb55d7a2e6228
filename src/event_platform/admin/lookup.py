"""What became of many requests or keys of one tenant at once: three reads from indexes, then plain arithmetic."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final, Literal, LiteralString
from uuid import UUID

from event_platform.admin.database import Connection
from event_platform.admin.parameters import LookupRequest
from event_platform.admin.responses import Fates, KeyFate, RequestFate
from event_platform.core.request_ids import parse_request_id

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_EVER: Final = (datetime(1, 1, 2, tzinfo=UTC), datetime(9999, 12, 30, tzinfo=UTC))
_SLACK: Final = timedelta(minutes=1)
_VERSION_7: Final = 7

# The window of each id leaves all days but its own untouched; LATERAL keeps it a lookup for each, whatever is asked.
_ROWS_BY_ID: Final = """
    SELECT wanted.id AS name, wanted.id, count(*)::bigint AS n
    FROM unnest(%(ids)s::uuid[], %(lows)s::timestamptz[], %(highs)s::timestamptz[]) AS wanted(id, low, high)
    CROSS JOIN LATERAL (
        SELECT FROM events WHERE tenant_id = %(tenant)s AND events.id = wanted.id
        AND received_at >= wanted.low AND received_at < wanted.high LIMIT 1000
    ) AS stored
    GROUP BY wanted.id
"""
_ROWS_BY_KEY: Final = """
    SELECT wanted.key AS name, count(*)::bigint AS n, (array_agg(stored.id ORDER BY stored.received_at DESC))[1] AS id
    FROM unnest(%(names)s::text[]) AS wanted(key)
    CROSS JOIN LATERAL (
        SELECT id, received_at FROM events WHERE tenant_id = %(tenant)s AND idempotency_key = wanted.key LIMIT 10000
    ) AS stored
    GROUP BY wanted.key
"""
_FIRSTS: Final = """
    SELECT id, first_id FROM duplicate_requests WHERE tenant_id = %(tenant)s AND id = ANY(%(ids)s)
"""
_LETTERS_BY_REQUEST: Final = """
    SELECT request_id AS name, count(*)::bigint AS n, (array_agg(code ORDER BY failed_at DESC, id DESC))[1] AS code
    FROM dlq_events WHERE tenant_id = %(tenant)s AND request_id = ANY(%(names)s) GROUP BY request_id
"""
_LETTERS_BY_KEY: Final = """
    SELECT idempotency_key AS name, count(*)::bigint AS n,
           (array_agg(code ORDER BY failed_at DESC, id DESC))[1] AS code
    FROM dlq_events WHERE tenant_id = %(tenant)s AND idempotency_key = ANY(%(names)s) GROUP BY idempotency_key
"""

State = Literal["stored", "dead", "unknown"]
Rows = dict[Any, dict[str, Any]]


@dataclass(frozen=True)
class _Holdings:
    """Rows and dead letters by the name asked for."""

    rows: Mapping[str, dict[str, Any]]
    letters: Mapping[str, dict[str, Any]] = field(default_factory=dict)

    def fate_of(self, name: str) -> dict[str, Any]:
        row, letter = self.rows.get(name), self.letters.get(name)
        state: State = "stored" if row else "dead" if letter else "unknown"
        return {
            "state": state,
            "id": str(row["id"]) if row else None,
            "code": letter["code"] if letter else None,
            "stored_count": row["n"] if row else 0,
            "dead_count": letter["n"] if letter else 0,
        }


async def find(connection: Connection, wanted: LookupRequest) -> Fates:
    """The fate of each request or key, in the order asked for."""
    if wanted.request_ids is not None:
        found = await _by_request(connection, wanted.tenant, wanted.request_ids)
        return Fates(results=[RequestFate(request_id=name, **found.fate_of(name)) for name in wanted.request_ids])
    keys = wanted.idempotency_keys or []
    asked = {"tenant": wanted.tenant, "names": sorted(set(keys))}
    rows = await _by_name(connection, _ROWS_BY_KEY, asked)
    holdings = _Holdings(rows, await _by_name(connection, _LETTERS_BY_KEY, asked))
    return Fates(results=[KeyFate(idempotency_key=key, **holdings.fate_of(key)) for key in keys])


async def _by_request(connection: Connection, tenant: str, names: list[str]) -> _Holdings:
    ids = {name: row_id for name in names if (row_id := parse_request_id(name))}
    letters = await _by_name(connection, _LETTERS_BY_REQUEST, {"tenant": tenant, "names": sorted(set(names))})
    firsts = await _firsts(connection, tenant, ids.values())
    meant = {name: firsts.get(row_id, row_id) for name, row_id in ids.items()}
    rows = await _rows(connection, tenant, meant.values(), window_of)
    # What is in none of the places may still be a row whose id does not tell its time, as ingest's do.
    missing = set(meant.values()) - rows.keys()
    rows |= await _rows(connection, tenant, missing, lambda _: _EVER)
    return _Holdings({name: rows[row_id] for name, row_id in meant.items() if row_id in rows}, letters)


async def _firsts(connection: Connection, tenant: str, ids: Iterable[UUID]) -> dict[UUID, UUID]:
    rows = await (await connection.execute(_FIRSTS, {"tenant": tenant, "ids": sorted(set(ids))})).fetchall()
    return {row["id"]: row["first_id"] for row in rows}


async def _rows(
    connection: Connection, tenant: str, ids: Iterable[UUID], window: Callable[[UUID], tuple[datetime, datetime]]
) -> Rows:
    wanted = sorted(set(ids))
    if not wanted:
        return {}
    lows, highs = zip(*map(window, wanted), strict=True)
    asked = {"tenant": tenant, "ids": wanted, "lows": list(lows), "highs": list(highs)}
    return await _by_name(connection, _ROWS_BY_ID, asked)


def window_of(row_id: UUID) -> tuple[datetime, datetime]:
    """When a row of this id was received: a UUIDv7 tells (RFC 9562, section 5.7), another may be of any time."""
    if row_id.version != _VERSION_7:
        return _EVER
    try:
        drawn = _EPOCH + timedelta(milliseconds=row_id.int >> 80)
        return drawn - _SLACK, drawn + _SLACK
    except OverflowError:
        return _EVER


async def _by_name(connection: Connection, query: LiteralString, asked: Mapping[str, Any]) -> Rows:
    return {row["name"]: row for row in await (await connection.execute(query, asked)).fetchall()}
