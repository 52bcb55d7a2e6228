"""How many dead letters are kept: sums of rollups, because counting the letters would take longer with each of them."""

from typing import Final

from event_platform.admin.queries.database import Connection
from event_platform.admin.responses import CodeCount

# Dead letters and their counts have retentions of their own: hours before the oldest letter do not count.
_KEPT: Final = """
    FROM throughput_hourly
    WHERE outcome = 'dead' AND hour >= (SELECT date_trunc('hour', min(failed_at), 'UTC') FROM dlq_events)
"""
_BY_CODE: Final = f"SELECT code, sum(n)::bigint AS count {_KEPT} GROUP BY code ORDER BY count DESC, code"
_TOTAL: Final = f"""
    SELECT coalesce(sum(n), 0)::bigint AS total {_KEPT}
    AND (%(code)s::text IS NULL OR code = %(code)s) AND (%(tenant)s::text IS NULL OR tenant_id = %(tenant)s)
"""


async def by_code(connection: Connection) -> list[CodeCount]:
    """Of each code, most first."""
    return [CodeCount(**row) for row in await (await connection.execute(_BY_CODE)).fetchall()]


async def total(connection: Connection, code: str | None, tenant: str | None) -> int:
    """Of this code and tenant, None standing for any."""
    row = await (await connection.execute(_TOTAL, {"code": code, "tenant": tenant})).fetchone()
    count: int = row["total"] if row else 0
    return count
