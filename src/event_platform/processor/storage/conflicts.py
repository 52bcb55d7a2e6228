"""What it means that a row is in the table already: redelivered, a duplicate, or its key used for something else."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import msgspec

from event_platform.core.connections.postgres import Connection
from event_platform.core.rules import timestamps
from event_platform.core.rules.outcome import Code, Dead, Identity, Row, quote

Placed = tuple[int, Row]
"""A row with its place in the batch."""

_JUDGE: Final = """
SELECT s.ordinal, e.id, e.id = s.id,
       (e.event_id, e.event_type, e.schema_version, e.occurred_at, e.payload)
         = (s.event_id, s.event_type, s.schema_version, s.occurred_at, s.payload::jsonb)
       AND e.extensions IS NOT DISTINCT FROM s.extensions::jsonb
FROM pg_temp.staged_events s
JOIN events e ON e.tenant_id = s.tenant_id AND e.idempotency_key = s.idempotency_key
WHERE s.ordinal = ANY(%s) AND s.received_at >= %s AND s.received_at < %s AND e.received_at >= %s AND e.received_at < %s
"""

_REMEMBER: Final = """
INSERT INTO duplicate_requests (tenant_id, id, received_at, first_id, seen_at)
SELECT d.tenant_id, d.id, d.received_at, d.first_id, now()
FROM unnest(%s::text[], %s::uuid[], %s::timestamptz[], %s::uuid[]) AS d(tenant_id, id, received_at, first_id)
ON CONFLICT DO NOTHING
RETURNING tenant_id, id, received_at
"""


class Sorted(msgspec.Struct):
    """What became of staged rows, by their places in the batch; what is in none of these was there already."""

    stored: list[int] = msgspec.field(default_factory=list)
    duplicates: list[int] = msgspec.field(default_factory=list)
    dead: dict[int, Dead] = msgspec.field(default_factory=dict)


class VanishedError(Exception):
    """What stood in a row's way is gone again: the transaction is to be tried anew."""


def judge(connection: Connection, rows: Sequence[Placed]) -> Sorted:
    """Tell redelivered events, duplicates and reused keys apart."""
    verdict = Sorted()
    if not rows:
        return verdict
    firsts: dict[int, UUID] = {}
    unexplained = dict(rows)
    for place, first_id, is_same_id, is_same_content in _compare(connection, rows):
        row = unexplained.pop(place, None)
        if row is None or is_same_id:
            continue
        if is_same_content:
            firsts[place] = first_id
        else:
            verdict.dead[place] = _reused(row, first_id)
    verdict.dead |= _explain_rest(connection, unexplained)
    verdict.duplicates = _remember(connection, [(place, row) for place, row in rows if place in firsts], firsts)
    return verdict


def _compare(connection: Connection, rows: Sequence[Placed]) -> list[tuple[int, UUID, bool, bool]]:
    # Day by day, with the days as constants, so that only their partitions are looked at.
    found: list[tuple[int, UUID, bool, bool]] = []
    places = [place for place, _ in rows]
    for day in sorted(timestamps.days_of(row.received_at_us for _, row in rows)):
        bounds = (f"{day}T00:00:00Z", f"{day + timedelta(days=1)}T00:00:00Z")
        for place, first_id, is_same_id, is_same in connection.execute(_JUDGE, [places, *bounds, *bounds]):
            found.append((int(place), first_id, bool(is_same_id), bool(is_same)))
    return found


def _explain_rest(connection: Connection, rows: dict[int, Row]) -> dict[int, Dead]:
    """Rows in whose way another one stands by its id, not by its key: no producer of ours makes such."""
    dead = {}
    for place, row in rows.items():
        found = connection.execute(
            "SELECT 1 FROM events WHERE tenant_id = %s AND id = %s AND received_at = %s",
            [row.tenant_id, UUID(bytes=row.id), timestamps.to_datetime(row.received_at_us)],
        ).fetchone()
        if found is None:
            raise VanishedError
        detail = "request_id belongs to a stored event with another idempotency_key"
        dead[place] = Dead(Code.UNSTORABLE, detail, identity_of(row))
    return dead


def _remember(connection: Connection, rows: Sequence[Placed], firsts: dict[int, UUID]) -> list[int]:
    """Keep the ids of duplicates, and return the places of those seen for the first time."""
    if not rows:
        return []
    columns = zip(*((row.tenant_id, _uuid(row), _received(row), firsts[place]) for place, row in rows), strict=True)
    new = {tuple(found) for found in connection.execute(_REMEMBER, [*map(list, columns)])}
    counted: list[int] = []
    for place, row in rows:
        key = (row.tenant_id, _uuid(row), _received(row))
        if key in new:
            new.discard(key)
            counted.append(place)
    return counted


def _reused(row: Row, first_id: UUID) -> Dead:
    key = quote(f'"{row.idempotency_key}"'.encode())
    detail = f"idempotency_key {key} names request req_{first_id} of that day, which has other content"
    return Dead(Code.IDEMPOTENCY_KEY_REUSED, detail, identity_of(row))


def identity_of(row: Row) -> Identity:
    """Whose event a row is."""
    return Identity(row.tenant_id, row.event_id, row.idempotency_key, f"req_{_uuid(row)}")


def _uuid(row: Row) -> UUID:
    return UUID(bytes=row.id)


def _received(row: Row) -> datetime:
    return timestamps.to_datetime(row.received_at_us)
