"""The platform at a glance, and the commonest event types: sums of rollups."""

from datetime import UTC, datetime, timedelta
from typing import Any, Final

from event_platform.admin.queries import dead_letter_counts
from event_platform.admin.queries.database import Connection
from event_platform.admin.responses import NamedTypeCount, Outcomes, Overview, RatedOutcomes, TopEventTypes, TypeCount

BUCKET: Final = timedelta(seconds=10)
MINUTES_ARE_KEPT: Final = timedelta(hours=47)
"""Rollups by the minute are kept for two days; an hour less, because they may be dropped at any time after that."""

_HOUR: Final = timedelta(hours=1)
_DAY: Final = timedelta(days=1)
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)

MAX_TYPES: Final = 200

_MEMBER: Final = {"stored": "stored", "duplicate": "duplicates", "dead": "dead"}

_RECENT: Final = """
    SELECT outcome, sum(n)::bigint AS five, coalesce(sum(n) FILTER (WHERE bucket > %(minute_ago)s), 0)::bigint AS one
    FROM throughput WHERE bucket > %(five_ago)s GROUP BY outcome
"""
_TODAY: Final = "SELECT outcome, sum(n)::bigint AS n FROM throughput_hourly WHERE hour >= %s GROUP BY outcome"
_TYPES: Final = """
    SELECT nullif(event_type, '') AS event_type, sum(n)::bigint AS count FROM (
        SELECT event_type, n FROM event_counts WHERE minute >= %(since)s AND minute < %(full_hour)s
        UNION ALL
        SELECT event_type, n FROM event_counts_hourly WHERE hour >= %(full_hour)s AND hour < %(full_day)s
        UNION ALL
        SELECT event_type, n FROM event_counts_daily WHERE day >= %(full_day)s
    ) AS counted
    GROUP BY counted.event_type ORDER BY count DESC, counted.event_type LIMIT %(limit)s
"""


async def read(connection: Connection, now: datetime) -> Overview:
    """Counts of the last minutes and of today, the top type, and the dead letters."""
    last_minute, last_5_minutes = await _recent(connection, now)
    dead_by_code = await dead_letter_counts.by_code(connection)
    midnight = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    return Overview(
        as_of=now,
        last_minute=last_minute,
        last_5_minutes=last_5_minutes,
        today=await _today(connection, midnight),
        top_type_today=await _top_type(connection, midnight),
        dead_by_code=dead_by_code,
        dead_total=sum(each.count for each in dead_by_code),
    )


async def read_top_types(connection: Connection, since_minutes: int, now: datetime) -> TopEventTypes:
    """Event types received since then, at most 200, most first."""
    since = _start_of_count(now, timedelta(minutes=since_minutes))
    return TopEventTypes(since=since, types=await _types(connection, since, MAX_TYPES))


async def _recent(connection: Connection, now: datetime) -> tuple[Outcomes, RatedOutcomes]:
    # Every bucket that reaches into the window counts whole, and there is no upper end: what was processed in the
    # window is never missing, also where the processor's clock is a little ahead.
    starts = {"minute_ago": now - timedelta(minutes=1) - BUCKET, "five_ago": now - timedelta(minutes=5) - BUCKET}
    rows = await (await connection.execute(_RECENT, starts)).fetchall()
    five = _members(rows, "five")
    return Outcomes(**_members(rows, "one")), RatedOutcomes(**five, per_minute=sum(five.values()) / 5)


async def _today(connection: Connection, midnight: datetime) -> Outcomes:
    return Outcomes(**_members(await (await connection.execute(_TODAY, [midnight])).fetchall(), "n"))


def _members(rows: list[dict[str, Any]], column: str) -> dict[str, int]:
    found = {_MEMBER[row["outcome"]]: row[column] for row in rows}
    return {member: found.get(member, 0) for member in _MEMBER.values()}


async def _top_type(connection: Connection, midnight: datetime) -> NamedTypeCount | None:
    for each in await _types(connection, midnight, 2):
        if each.event_type is not None:
            return NamedTypeCount(event_type=each.event_type, count=each.count)
    return None


async def _types(connection: Connection, since: datetime, limit: int) -> list[TypeCount]:
    full_hour = next_full(_HOUR, since)
    bounds = {"since": since, "full_hour": full_hour, "full_day": next_full(_DAY, full_hour), "limit": limit}
    return [TypeCount(**row) for row in await (await connection.execute(_TYPES, bounds)).fetchall()]


def _start_of_count(now: datetime, span: timedelta) -> datetime:
    """The minute in which the span begins, or the hour where minutes are no longer kept."""
    start = (now - span).replace(second=0, microsecond=0)
    return start if span <= MINUTES_ARE_KEPT else start.replace(minute=0)


def next_full(unit: timedelta, moment: datetime) -> datetime:
    """The first hour, or UTC day, that begins at ``moment`` or later."""
    return moment + (_EPOCH - moment) % unit
