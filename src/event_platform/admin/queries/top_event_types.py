"""The most frequent event types, from rollups by minute, hour and day of receipt."""

from datetime import UTC, datetime, timedelta
from typing import Final

from event_platform.admin.queries.database import Connection
from event_platform.admin.responses.counts import NamedTypeCount, TopEventTypes, TypeCount

MAX_TYPES: Final = 200
MINUTE_ROLLUP_SPAN: Final = timedelta(hours=47)
"""Rollups by minute are kept for two days; an hour less, because they can be dropped at any time after that."""

_HOUR: Final = timedelta(hours=1)
_DAY: Final = timedelta(days=1)
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)

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


async def read(connection: Connection, since_minutes: int, now: datetime) -> TopEventTypes:
    """Event types received in the last ``since_minutes``, at most 200, most frequent first."""
    since = _round_down(now - timedelta(minutes=since_minutes), now)
    return TopEventTypes(since=since, types=await _read_counts(connection, since, MAX_TYPES))


async def read_top(connection: Connection, since: datetime) -> NamedTypeCount | None:
    """The most frequent event type, leaving out the sum of types that are not counted by name."""
    for each in await _read_counts(connection, since, 2):
        if each.event_type is not None:
            return NamedTypeCount(event_type=each.event_type, count=each.count)
    return None


async def _read_counts(connection: Connection, since: datetime, limit: int) -> list[TypeCount]:
    full_hour = round_up(since, _HOUR)
    bounds = {"since": since, "full_hour": full_hour, "full_day": round_up(full_hour, _DAY), "limit": limit}
    return [TypeCount(**row) for row in await (await connection.execute(_TYPES, bounds)).fetchall()]


def _round_down(since: datetime, now: datetime) -> datetime:
    """Start of the minute, or of the hour if minutes are no longer kept."""
    minute = since.replace(second=0, microsecond=0)
    return minute if now - since <= MINUTE_ROLLUP_SPAN else minute.replace(minute=0)


def round_up(moment: datetime, unit: timedelta) -> datetime:
    """The first hour, or UTC day, that begins at ``moment`` or later."""
    return moment + (_EPOCH - moment) % unit
