"""Outcomes over time, from the rollups by time of processing."""

from datetime import UTC, datetime, timedelta
from typing import Any, Final

from psycopg import sql

from event_platform.admin.queries.database import Connection
from event_platform.admin.responses.counts import OUTCOME_FIELDS, Series, SeriesPoint

_WIDTHS: Final = ((20, 10), (60, 30), (120, 60), (240, 120))
"""Pairs of minutes and bucket width in seconds, for at most 120 points; longer series use the hourly rollup."""

_HOUR_SECONDS: Final = 3_600
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)

# Counts from a processor whose clock is ahead go into the last bucket.
_SUMS: Final = """
    SELECT least(date_bin(%(width)s, {start}, %(first)s), %(last)s) AS at, outcome, sum(n)::bigint AS n
    FROM {rollup} WHERE {start} >= %(first)s GROUP BY 1, 2
"""


async def read(connection: Connection, minutes: int, now: datetime) -> Series:
    """The last ``minutes``, up to the bucket that is still filling."""
    width = bucket_seconds(minutes)
    starts = bucket_starts(now, minutes * 60, width)
    rollup, start = ("throughput_hourly", "hour") if width == _HOUR_SECONDS else ("throughput", "bucket")
    query = sql.SQL(_SUMS).format(rollup=sql.Identifier(rollup), start=sql.Identifier(start))
    bounds = {"width": timedelta(seconds=width), "first": starts[0], "last": starts[-1]}
    rows = await (await connection.execute(query, bounds)).fetchall()
    return Series(bucket_seconds=width, points=_points(starts, rows))


def bucket_seconds(minutes: int) -> int:
    """Width of the buckets in a series of that many minutes."""
    return next((width for limit, width in _WIDTHS if minutes <= limit), _HOUR_SECONDS)


def bucket_starts(now: datetime, span_seconds: int, width: int) -> list[datetime]:
    """Starts of the buckets that cover ``span_seconds``; the last bucket contains ``now``."""
    last = int((now - _EPOCH).total_seconds()) // width
    count = -(-span_seconds // width)
    return [_EPOCH + timedelta(seconds=width * (last - back)) for back in reversed(range(count))]


def _points(starts: list[datetime], rows: list[dict[str, Any]]) -> list[SeriesPoint]:
    counts = {(row["at"], OUTCOME_FIELDS[row["outcome"]]): row["n"] for row in rows}
    return [
        SeriesPoint(at=at, **{each: counts.get((at, each), 0) for each in OUTCOME_FIELDS.values()}) for at in starts
    ]
