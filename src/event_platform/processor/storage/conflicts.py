"""Classifies rows that conflict with a stored one: redelivered, duplicate, or key reused for another event.

Rows conflict in one of two keys: ``(tenant_id, id, received_at)``, the primary key, or ``(tenant_id,
idempotency_key)``, which is unique within each daily partition.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import msgspec

from event_platform.core.connections.postgres import Connection
from event_platform.core.rules import timestamps
from event_platform.core.rules.outcome import DeadLetter, EventRow, IndexedRow, ReasonCode, identity_of, quote

_COMPARE: Final = """
SELECT s.ordinal, e.id, e.id = s.id,
       (e.event_id, e.event_type, e.schema_version, e.occurred_at, e.payload)
         = (s.event_id, s.event_type, s.schema_version, s.occurred_at, s.payload::jsonb)
       AND e.extensions IS NOT DISTINCT FROM s.extensions::jsonb
FROM pg_temp.staged_events s
JOIN events e ON e.tenant_id = s.tenant_id AND e.idempotency_key = s.idempotency_key
WHERE s.ordinal = ANY(%s) AND s.received_at >= %s AND s.received_at < %s AND e.received_at >= %s AND e.received_at < %s
"""

_INSERT_DUPLICATES: Final = """
INSERT INTO duplicate_requests (tenant_id, id, received_at, first_id, seen_at)
SELECT d.tenant_id, d.id, d.received_at, d.first_id, now()
FROM unnest(%s::text[], %s::uuid[], %s::timestamptz[], %s::uuid[]) AS d(tenant_id, id, received_at, first_id)
ON CONFLICT DO NOTHING
RETURNING tenant_id, id, received_at
"""


class ConflictResult(msgspec.Struct):
    """Conflicting rows by index; a row that is in neither was redelivered."""

    duplicates: list[int] = msgspec.field(default_factory=list)
    """Seen for the first time, so that they are to be counted."""
    dead_letters: dict[int, DeadLetter] = msgspec.field(default_factory=dict)


class ConflictVanishedError(Exception):
    """The stored row that a row conflicted with vanished meanwhile: the transaction is to be retried."""


def classify_conflicts(connection: Connection, rows: Sequence[IndexedRow]) -> ConflictResult:
    """Tell redelivered events, duplicates and reused keys apart; ``rows`` are staged and conflict with stored ones.

    Raises:
        ConflictVanishedError: A row has no conflict any more.
    """
    result = ConflictResult()
    if not rows:
        return result
    first_ids: dict[int, UUID] = {}
    unexplained = dict(rows)
    for index, first_id, is_same_id, is_same_content in _compare(connection, rows):
        row = unexplained.pop(index, None)
        if row is None or is_same_id:
            continue
        if is_same_content:
            first_ids[index] = first_id
        else:
            result.dead_letters[index] = _key_reused(row, first_id)
    result.dead_letters |= _classify_id_conflicts(connection, unexplained)
    duplicates = [(index, row) for index, row in rows if index in first_ids]
    result.duplicates = _insert_duplicates(connection, duplicates, first_ids)
    return result


def _compare(connection: Connection, rows: Sequence[IndexedRow]) -> list[tuple[int, UUID, bool, bool]]:
    """``(index, id of the stored row, whether the ids are equal, whether the content is)`` of rows with one key."""
    # Day by day, with the days as constants, so that Postgres reads only their partitions.
    found: list[tuple[int, UUID, bool, bool]] = []
    indexes = [index for index, _ in rows]
    for day in sorted(timestamps.utc_days(row.received_at_us for _, row in rows)):
        bounds = (f"{day}T00:00:00Z", f"{day + timedelta(days=1)}T00:00:00Z")
        for index, first_id, is_same_id, is_same in connection.execute(_COMPARE, [indexes, *bounds, *bounds]):
            found.append((int(index), first_id, bool(is_same_id), bool(is_same)))
    return found


def _classify_id_conflicts(connection: Connection, rows: dict[int, EventRow]) -> dict[int, DeadLetter]:
    """Dead letters for rows that conflict by id and not by key, which no event from our ingest does."""
    dead_letters = {}
    for index, row in rows.items():
        found = connection.execute(
            "SELECT 1 FROM events WHERE tenant_id = %s AND id = %s AND received_at = %s",
            [row.tenant_id, UUID(bytes=row.id), timestamps.to_datetime(row.received_at_us)],
        ).fetchone()
        if found is None:
            raise ConflictVanishedError
        detail = "request_id belongs to a stored event with another idempotency_key"
        dead_letters[index] = DeadLetter(ReasonCode.UNSTORABLE, detail, identity_of(row))
    return dead_letters


def _insert_duplicates(connection: Connection, rows: Sequence[IndexedRow], first_ids: dict[int, UUID]) -> list[int]:
    """Keep the ids of duplicates, and return the indexes of those seen for the first time."""
    if not rows:
        return []
    columns = zip(*((*_request_key(row), first_ids[index]) for index, row in rows), strict=True)
    new = {tuple(found) for found in connection.execute(_INSERT_DUPLICATES, [*map(list, columns)])}
    first_seen: list[int] = []
    for index, row in rows:
        key = _request_key(row)
        if key in new:
            new.discard(key)
            first_seen.append(index)
    return first_seen


def _request_key(row: EventRow) -> tuple[str, UUID, datetime]:
    """The primary key of ``duplicate_requests``."""
    return row.tenant_id, UUID(bytes=row.id), timestamps.to_datetime(row.received_at_us)


def _key_reused(row: EventRow, first_id: UUID) -> DeadLetter:
    key = quote(f'"{row.idempotency_key}"'.encode())
    detail = f"idempotency_key {key} names request req_{first_id} of that day, which has other content"
    return DeadLetter(ReasonCode.IDEMPOTENCY_KEY_REUSED, detail, identity_of(row))
