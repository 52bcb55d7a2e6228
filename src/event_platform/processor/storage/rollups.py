"""Rollups: counts that the dashboard reads instead of the events, updated last in the transaction that stores them."""

from collections import Counter, OrderedDict
from collections.abc import Iterable
from typing import Final

from event_platform.core.connections.postgres import Connection
from event_platform.core.rules import timestamps

MAX_TYPES: Final = 200
"""How many event types of a tenant and hour are counted by name."""

OTHER: Final = ""
"""The name that sums all other types: no event has an empty type."""

MINUTE_US: Final = 60 * timestamps.MICROSECONDS_PER_SECOND

_HOUR_SECONDS: Final = 3_600
_CACHED_HOURS: Final = 256

OutcomeCounts = Counter[tuple[str, str, str, int]]
"""Number of records by (tenant, outcome, code, partition)."""

TypeCounts = Counter[tuple[int, str, str, int]]
"""Number of stored events by (minute of received_at in microseconds since 2000, tenant, type, partition)."""

_ADD: Final = """
WITH outcomes AS (
    SELECT * FROM unnest(%s::text[], %s::text[], %s::text[], %s::int[], %s::bigint[])
        AS o(tenant_id, outcome, code, source_partition, n)
), types AS (
    SELECT * FROM unnest(%s::timestamptz[], %s::text[], %s::text[], %s::int[], %s::bigint[])
        AS t(minute, tenant_id, event_type, source_partition, n)
), by_bucket AS (
    INSERT INTO throughput
    SELECT date_bin('10 seconds', now(), '2000-01-01Z'), * FROM outcomes ORDER BY 2, 3, 4, 5
    ON CONFLICT (bucket, tenant_id, outcome, code, source_partition) DO UPDATE SET n = throughput.n + excluded.n
), by_hour AS (
    INSERT INTO throughput_hourly
    SELECT date_trunc('hour', now(), 'UTC'), * FROM outcomes ORDER BY 2, 3, 4, 5
    ON CONFLICT (hour, tenant_id, outcome, code, source_partition) DO UPDATE SET n = throughput_hourly.n + excluded.n
), by_minute AS (
    INSERT INTO event_counts SELECT * FROM types ORDER BY 1, 2, 3, 4
    ON CONFLICT (minute, tenant_id, event_type, source_partition) DO UPDATE SET n = event_counts.n + excluded.n
), by_hour_received AS (
    INSERT INTO event_counts_hourly
    SELECT date_trunc('hour', minute, 'UTC'), tenant_id, event_type, source_partition, sum(n)
    FROM types GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4
    ON CONFLICT (hour, tenant_id, event_type, source_partition) DO UPDATE SET n = event_counts_hourly.n + excluded.n
)
INSERT INTO event_counts_daily
SELECT date_trunc('day', minute, 'UTC'), tenant_id, event_type, source_partition, sum(n)
FROM types GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4
ON CONFLICT (day, tenant_id, event_type, source_partition) DO UPDATE SET n = event_counts_daily.n + excluded.n
"""


def add(connection: Connection, outcomes: OutcomeCounts, types: TypeCounts) -> None:
    """Add counts to the rollups; the time of processing is that of the transaction, as in the rows it stores."""
    if not outcomes:
        return
    minutes = [(timestamps.to_datetime(minute), *rest) for minute, *rest in types]
    connection.execute(_ADD, [*_columns(outcomes, 4), [*outcomes.values()], *_columns(minutes, 4), [*types.values()]])


def _columns(keys: Iterable[tuple[object, ...]], width: int) -> list[list[object]]:
    return [list(column) for column in zip(*keys, strict=True)] or [[] for _ in range(width)]


class CountedTypes:
    """The event types that are counted by name, bounded so that no tenant can inflate the rollups.

    Caches those of recent hours; Postgres holds all of them.
    """

    def __init__(self) -> None:
        self._cache: OrderedDict[tuple[str, int], set[str]] = OrderedDict()

    def clear(self) -> None:
        """Drop the cache after a rollback, because names that were new in the transaction were not counted."""
        self._cache.clear()

    def limit(self, connection: Connection, types: TypeCounts) -> TypeCounts:
        """Sum the types beyond `MAX_TYPES` of a tenant and hour under `OTHER`."""
        # Names count per hour while rollups are kept per minute: ask once for each tenant and hour.
        wanted: dict[tuple[str, int], set[str]] = {}
        for minute_us, tenant_id, event_type, _ in types:
            wanted.setdefault((tenant_id, timestamps.floor(minute_us, _HOUR_SECONDS)), set()).add(event_type)
        counted = {key: self._counted_names(connection, key, names) for key, names in sorted(wanted.items())}
        limited: TypeCounts = Counter()
        for (minute_us, tenant_id, event_type, partition), n in types.items():
            names = counted[tenant_id, timestamps.floor(minute_us, _HOUR_SECONDS)]
            limited[minute_us, tenant_id, event_type if event_type in names else OTHER, partition] += n
        return limited

    def _counted_names(self, connection: Connection, key: tuple[str, int], names: set[str]) -> set[str]:
        """The types of a tenant and hour that are counted by name, after those of ``names`` for which there is room."""
        cached = self._cache.get(key, set())
        if not names <= cached and len(cached) < MAX_TYPES:
            cached = self._add_names(connection, key, names)
        self._store(key, cached)
        return cached

    def _add_names(self, connection: Connection, key: tuple[str, int], names: set[str]) -> set[str]:
        """Read what all workers have counted, and add names up to the bound; one worker at a time."""
        tenant_id, hour_us = key
        hour = timestamps.to_datetime(hour_us)
        connection.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"types {tenant_id} {hour_us}"])
        rows = connection.execute(
            "SELECT DISTINCT event_type FROM event_counts_hourly WHERE hour = %s AND tenant_id = %s", [hour, tenant_id]
        )
        counted = {str(name) for (name,) in rows} - {OTHER}
        return counted | set(sorted(names - counted)[: max(0, MAX_TYPES - len(counted))])

    def _store(self, key: tuple[str, int], names: set[str]) -> None:
        self._cache[key] = names
        self._cache.move_to_end(key)
        while len(self._cache) > _CACHED_HOURS:
            self._cache.popitem(last=False)


def count_by_minute(events: Iterable[tuple[int, str, str, int]]) -> TypeCounts:
    """Count events given as ``(minutes since 2000, tenant, type, partition)``."""
    counted = Counter(events).items()
    return Counter({(minute * MINUTE_US, tenant, name, source): n for (minute, tenant, name, source), n in counted})
