"""The platform at a glance, from rollups."""

from datetime import UTC, datetime, timedelta
from typing import Any, Final

from event_platform.admin.queries import dead_letter_counts, top_event_types
from event_platform.admin.queries.database import Connection
from event_platform.admin.responses.counts import OUTCOME_FIELDS, Outcomes, Overview, RatedOutcomes

BUCKET: Final = timedelta(seconds=10)

_RECENT: Final = """
    SELECT outcome, sum(n)::bigint AS five, coalesce(sum(n) FILTER (WHERE bucket > %(minute_ago)s), 0)::bigint AS one
    FROM throughput WHERE bucket > %(five_ago)s GROUP BY outcome
"""
_TODAY: Final = "SELECT outcome, sum(n)::bigint AS n FROM throughput_hourly WHERE hour >= %s GROUP BY outcome"


async def read(connection: Connection, now: datetime) -> Overview:
    """Counts of the last minutes and of today, the top type, and the dead letters by code."""
    last_minute, last_5_minutes = await _read_recent(connection, now)
    dead_by_code = await dead_letter_counts.count_by_code(connection)
    midnight = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    return Overview(
        as_of=now,
        last_minute=last_minute,
        last_5_minutes=last_5_minutes,
        today=await _read_today(connection, midnight),
        top_type_today=await top_event_types.read_top(connection, midnight),
        dead_by_code=dead_by_code,
        dead_total=sum(each.count for each in dead_by_code),
    )


async def _read_recent(connection: Connection, now: datetime) -> tuple[Outcomes, RatedOutcomes]:
    # Count every bucket that overlaps the window, without an upper bound: nothing processed in the window is missing,
    # even if the processor's clock is a little ahead.
    starts = {"minute_ago": now - timedelta(minutes=1) - BUCKET, "five_ago": now - timedelta(minutes=5) - BUCKET}
    rows = await (await connection.execute(_RECENT, starts)).fetchall()
    five = _by_field(rows, "five")
    return Outcomes(**_by_field(rows, "one")), RatedOutcomes(**five, per_minute=sum(five.values()) / 5)


async def _read_today(connection: Connection, midnight: datetime) -> Outcomes:
    return Outcomes(**_by_field(await (await connection.execute(_TODAY, [midnight])).fetchall(), "n"))


def _by_field(rows: list[dict[str, Any]], column: str) -> dict[str, int]:
    counts = {OUTCOME_FIELDS[row["outcome"]]: row[column] for row in rows}
    return {field: counts.get(field, 0) for field in OUTCOME_FIELDS.values()}
