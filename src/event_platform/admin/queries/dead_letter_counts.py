"""How many dead letters are kept: sums of a rollup, because counting the rows would slow down as they grow."""

from typing import Final

from event_platform.admin.queries.database import Connection
from event_platform.admin.responses.counts import CodeCount

# Dead letters and their rollup have separate retention: leave out the hours before the oldest dead letter.
_KEPT: Final = """
    FROM throughput_hourly
    WHERE outcome = 'dead' AND hour >= (SELECT date_trunc('hour', min(failed_at), 'UTC') FROM dlq_events)
"""
_BY_CODE: Final = f"SELECT code, sum(n)::bigint AS count {_KEPT} GROUP BY code ORDER BY count DESC, code"
_TOTAL: Final = f"""
    SELECT coalesce(sum(n), 0)::bigint AS total {_KEPT}
    AND (%(code)s::text IS NULL OR code = %(code)s) AND (%(tenant)s::text IS NULL OR tenant_id = %(tenant)s)
"""


async def count_by_code(connection: Connection) -> list[CodeCount]:
    """Dead letters of each code, the most frequent code first."""
    return [CodeCount(**row) for row in await (await connection.execute(_BY_CODE)).fetchall()]


async def count_total(connection: Connection, code: str | None, tenant: str | None) -> int:
    """Dead letters of this code and tenant; None: of any."""
    row = await (await connection.execute(_TOTAL, {"code": code, "tenant": tenant})).fetchone()
    count: int = row["total"] if row else 0
    return count
