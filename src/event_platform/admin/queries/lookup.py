"""What became of many requests or keys of one tenant at once: a few indexed reads, combined in memory."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final, LiteralString
from uuid import UUID

from event_platform.admin.queries.database import Connection
from event_platform.admin.responses.lookup import Fates, KeyFate, LookupState, RequestFate
from event_platform.core.request_ids import parse_request_id

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_ANY_TIME: Final = (datetime(1, 1, 2, tzinfo=UTC), datetime(9999, 12, 30, tzinfo=UTC))
_CLOCK_TOLERANCE: Final = timedelta(minutes=1)
_UUID_VERSION_7: Final = 7

# The time window of each id prunes all partitions but its day's; LATERAL forces an index look-up for each id.
_EVENTS_BY_ID: Final = """
    SELECT wanted.id AS name, wanted.id, count(*)::bigint AS n
    FROM unnest(%(ids)s::uuid[], %(lows)s::timestamptz[], %(highs)s::timestamptz[]) AS wanted(id, low, high)
    CROSS JOIN LATERAL (
        SELECT FROM events WHERE tenant_id = %(tenant)s AND events.id = wanted.id
        AND received_at >= wanted.low AND received_at < wanted.high LIMIT 1000
    ) AS stored
    GROUP BY wanted.id
"""
_EVENTS_BY_KEY: Final = """
    SELECT wanted.key AS name, count(*)::bigint AS n, (array_agg(stored.id ORDER BY stored.received_at DESC))[1] AS id
    FROM unnest(%(names)s::text[]) AS wanted(key)
    CROSS JOIN LATERAL (
        SELECT id, received_at FROM events WHERE tenant_id = %(tenant)s AND idempotency_key = wanted.key LIMIT 10000
    ) AS stored
    GROUP BY wanted.key
"""
_FIRST_IDS: Final = """
    SELECT id, first_id FROM duplicate_requests WHERE tenant_id = %(tenant)s AND id = ANY(%(ids)s)
"""
_DEAD_LETTERS_BY_REQUEST: Final = """
    SELECT request_id AS name, count(*)::bigint AS n, (array_agg(code ORDER BY failed_at DESC, id DESC))[1] AS code
    FROM dlq_events WHERE tenant_id = %(tenant)s AND request_id = ANY(%(names)s) GROUP BY request_id
"""
_DEAD_LETTERS_BY_KEY: Final = """
    SELECT idempotency_key AS name, count(*)::bigint AS n,
           (array_agg(code ORDER BY failed_at DESC, id DESC))[1] AS code
    FROM dlq_events WHERE tenant_id = %(tenant)s AND idempotency_key = ANY(%(names)s) GROUP BY idempotency_key
"""

RowsByName = dict[Any, dict[str, Any]]


@dataclass(frozen=True, slots=True)
class _Matches:
    """Events and dead letters, each by the request id or key that was asked for."""

    events: Mapping[str, dict[str, Any]]
    dead_letters: Mapping[str, dict[str, Any]]

    def result_of(self, name: str) -> dict[str, Any]:
        event, dead_letter = self.events.get(name), self.dead_letters.get(name)
        state: LookupState = "stored" if event else "dead" if dead_letter else "unknown"
        return {
            "state": state,
            "id": str(event["id"]) if event else None,
            "code": dead_letter["code"] if dead_letter else None,
            "stored_count": event["n"] if event else 0,
            "dead_count": dead_letter["n"] if dead_letter else 0,
        }


async def look_up_requests(connection: Connection, tenant: str, request_ids: Sequence[str]) -> Fates:
    """What became of each request, in the given order."""
    dead_letters = await _read_by_name(
        connection, _DEAD_LETTERS_BY_REQUEST, {"tenant": tenant, "names": sorted(set(request_ids))}
    )
    matches = _Matches(await _events_by_request(connection, tenant, request_ids), dead_letters)
    return Fates(results=[RequestFate(request_id=each, **matches.result_of(each)) for each in request_ids])


async def look_up_keys(connection: Connection, tenant: str, keys: Sequence[str]) -> Fates:
    """What became of the events with each idempotency key, in the given order."""
    parameters = {"tenant": tenant, "names": sorted(set(keys))}
    events = await _read_by_name(connection, _EVENTS_BY_KEY, parameters)
    matches = _Matches(events, await _read_by_name(connection, _DEAD_LETTERS_BY_KEY, parameters))
    return Fates(results=[KeyFate(idempotency_key=key, **matches.result_of(key)) for key in keys])


async def _events_by_request(connection: Connection, tenant: str, request_ids: Sequence[str]) -> RowsByName:
    """Rows by request id; for a duplicate, the row of the first request."""
    ids = {name: row_id for name in request_ids if (row_id := parse_request_id(name))}
    firsts = await _read_first_ids(connection, tenant, ids.values())
    row_ids = {name: firsts.get(row_id, row_id) for name, row_id in ids.items()}
    rows = await _read_events(connection, tenant, row_ids.values(), received_window)
    # What was not found may still be a row whose id does not contain its time, unlike the ids that ingest makes.
    missing = set(row_ids.values()) - rows.keys()
    rows |= await _read_events(connection, tenant, missing, lambda _: _ANY_TIME)
    return {name: rows[row_id] for name, row_id in row_ids.items() if row_id in rows}


async def _read_first_ids(connection: Connection, tenant: str, ids: Iterable[UUID]) -> dict[UUID, UUID]:
    """Ids of the first requests, by the ids of their duplicates."""
    rows = await (await connection.execute(_FIRST_IDS, {"tenant": tenant, "ids": sorted(set(ids))})).fetchall()
    return {row["id"]: row["first_id"] for row in rows}


async def _read_events(
    connection: Connection, tenant: str, ids: Iterable[UUID], window: Callable[[UUID], tuple[datetime, datetime]]
) -> RowsByName:
    unique_ids = sorted(set(ids))
    if not unique_ids:
        return {}
    lows, highs = zip(*map(window, unique_ids), strict=True)
    parameters = {"tenant": tenant, "ids": unique_ids, "lows": list(lows), "highs": list(highs)}
    return await _read_by_name(connection, _EVENTS_BY_ID, parameters)


def received_window(row_id: UUID) -> tuple[datetime, datetime]:
    """When a row with this id was received: a UUIDv7 tells (RFC 9562, section 5.7), other ids can be of any time."""
    if row_id.version != _UUID_VERSION_7:
        return _ANY_TIME
    try:
        created_at = _EPOCH + timedelta(milliseconds=row_id.int >> 80)
        return created_at - _CLOCK_TOLERANCE, created_at + _CLOCK_TOLERANCE
    except OverflowError:
        return _ANY_TIME


async def _read_by_name(connection: Connection, query: LiteralString, parameters: Mapping[str, Any]) -> RowsByName:
    return {row["name"]: row for row in await (await connection.execute(query, parameters)).fetchall()}
