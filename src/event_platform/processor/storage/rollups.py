"""Counts that the dashboard reads instead of the events, written last in the transaction that stores them."""

from collections import Counter, OrderedDict
from collections.abc import Iterable
from typing import Final

from event_platform.core.connections.postgres import Connection
from event_platform.core.rules import timestamps

MAX_TYPES: Final = 200
"""Event types of a tenant in an hour that are counted by name."""

OTHER: Final = ""
"""Under which the other types are summed: no event has a type of that name."""

MINUTE_US: Final = 60 * timestamps.MICROSECONDS_PER_SECOND

_HOUR_SECONDS: Final = 3_600
_REMEMBERED_HOURS: Final = 256

Outcomes = Counter[tuple[str, str, str, int]]
"""How many messages of (tenant, outcome, code, partition)."""

Types = Counter[tuple[int, str, str, int]]
"""How many stored events of (minute of received_at, tenant, type, partition)."""

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


def add(connection: Connection, outcomes: Outcomes, types: Types) -> None:
    """Add to what was counted before; the time of processing is the transaction's, as in the rows it stores."""
    if not outcomes:
        return
    minutes = [(timestamps.to_datetime(minute), *rest) for minute, *rest in types]
    connection.execute(_ADD, [*_columns(outcomes, 4), [*outcomes.values()], *_columns(minutes, 4), [*types.values()]])


def _columns(keys: Iterable[tuple[object, ...]], width: int) -> list[list[object]]:
    return [list(column) for column in zip(*keys, strict=True)] or [[] for _ in range(width)]


class TypeNames:
    """Which types are counted by name, so that no tenant can blow the counts up."""

    def __init__(self) -> None:
        """Nothing is known yet; what is, is read from the counts."""
        self._known: OrderedDict[tuple[str, int], set[str]] = OrderedDict()

    def forget(self) -> None:
        """After a rollback: names that were new in it were not counted."""
        self._known.clear()

    def limit(self, connection: Connection, types: Types) -> Types:
        """``types`` with what goes beyond `MAX_TYPES` a tenant and hour summed as `OTHER`."""
        wanted: dict[tuple[str, int], set[str]] = {}
        for minute_us, tenant_id, event_type, _ in types:
            wanted.setdefault((tenant_id, timestamps.floor(minute_us, _HOUR_SECONDS)), set()).add(event_type)
        named = {place: self._named(connection, place, names) for place, names in sorted(wanted.items())}
        limited: Types = Counter()
        for (minute_us, tenant_id, event_type, partition), n in types.items():
            names = named[tenant_id, timestamps.floor(minute_us, _HOUR_SECONDS)]
            limited[minute_us, tenant_id, event_type if event_type in names else OTHER, partition] += n
        return limited

    def _named(self, connection: Connection, place: tuple[str, int], names: set[str]) -> set[str]:
        known = self._known.get(place, set())
        if not names <= known and len(known) < MAX_TYPES:
            known = self._admit(connection, place, names)
        self._remember(place, known)
        return known

    def _admit(self, connection: Connection, place: tuple[str, int], names: set[str]) -> set[str]:
        """Read what all workers have counted, and add to it while there is room; one worker at a time."""
        tenant_id, hour_us = place
        hour = timestamps.to_datetime(hour_us)
        connection.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"types {tenant_id} {hour_us}"])
        rows = connection.execute(
            "SELECT DISTINCT event_type FROM event_counts_hourly WHERE hour = %s AND tenant_id = %s", [hour, tenant_id]
        )
        counted = {str(name) for (name,) in rows} - {OTHER}
        return counted | set(sorted(names - counted)[: max(0, MAX_TYPES - len(counted))])

    def _remember(self, place: tuple[str, int], names: set[str]) -> None:
        self._known[place] = names
        self._known.move_to_end(place)
        while len(self._known) > _REMEMBERED_HOURS:
            self._known.popitem(last=False)


def by_minute(events: Iterable[tuple[int, str, str, int]]) -> Types:
    """Count events, each given by the number of its minute since 2000, tenant, type and partition."""
    counted = Counter(events).items()
    return Counter({(minute * MINUTE_US, tenant, name, source): n for (minute, tenant, name, source), n in counted})
