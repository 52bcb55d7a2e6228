"""Seeds a database with 30 days of small events, their dead letters, and the rollups of a busy month."""

from datetime import UTC, datetime, timedelta

import psycopg
from psycopg import sql

DAYS = 30
TENANTS = 4
DEAD_LETTERS_PER_EVENT = 0.01

# The id contains its time, as ingest's ids do; the key contains the row's number, so that requests can name rows.
ROWS = """
INSERT INTO {day}
SELECT (lpad(to_hex((extract(epoch FROM at) * 1000)::bigint), 12, '0') || '70008'
        || lpad(to_hex(number), 15, '0'))::uuid,
       'tenant_' || number %% {tenants}, 'event-' || number, 'key-' || number, 'type-' || number %% 50, 1, at, at, at,
       'processed', '{{"user": 1}}', NULL
FROM (SELECT number, {start}::timestamptz + (number - {first}) * interval '1 day' / {count} AS at
      FROM generate_series({first}, {last}) AS number) AS made
"""
MAKE_DAY = "CREATE TABLE {day} (LIKE events INCLUDING DEFAULTS INCLUDING CONSTRAINTS)"
FINISH_DAY = """
CREATE UNIQUE INDEX ON {day} (tenant_id, idempotency_key);
ALTER TABLE events ATTACH PARTITION {day} FOR VALUES FROM ({start}) TO ({end})
"""
DEAD_LETTERS = """
INSERT INTO dlq_events (failed_at, code, reason, source_topic, source_topic_id, source_partition, source_offset,
                        tenant_id, event_id, idempotency_key, original_bytes)
SELECT now() - number * interval '30 days' / {dead_letters},
       (ARRAY['VALIDATION_FAILED', 'UNSTORABLE'])[1 + number %% 2],
       'VALIDATION_FAILED: missing event_type', 'raw', 'id', 0, number, 'tenant_' || number %% {tenants},
       'dead-' || number, 'dead-key-' || number, '{{"a": 1}}'
FROM generate_series(1, {dead_letters}) AS number
"""
ROLLUPS = """
INSERT INTO throughput SELECT bucket, 'tenant_' || t, outcome, '', p, 10
FROM generate_series(date_trunc('day', now() - interval '1 day'), now(), '10 seconds') AS bucket,
     generate_series(0, 3) AS t, generate_series(0, 5) AS p, unnest(ARRAY['stored', 'duplicate']) AS outcome;
INSERT INTO throughput_hourly
SELECT hour, 'tenant_' || t, outcome, CASE outcome WHEN 'dead' THEN 'UNSTORABLE' ELSE '' END, p, 10
FROM generate_series(date_trunc('hour', now() - interval '30 days'), now(), '1 hour') AS hour,
     generate_series(0, 3) AS t, generate_series(0, 5) AS p, unnest(ARRAY['stored', 'duplicate', 'dead']) AS outcome;
INSERT INTO event_counts SELECT minute, 'tenant_' || t, 'type-' || e, p, 1
FROM generate_series(date_trunc('hour', now() - interval '3 hours'), now(), '1 minute') AS minute,
     generate_series(0, 3) AS t, generate_series(0, 5) AS p, generate_series(0, 49) AS e;
INSERT INTO event_counts_hourly SELECT hour, 'tenant_' || t, 'type-' || e, p, 60
FROM generate_series(date_trunc('hour', now() - interval '30 days'), now(), '1 hour') AS hour,
     generate_series(0, 3) AS t, generate_series(0, 5) AS p, generate_series(0, 49) AS e;
INSERT INTO event_counts_daily SELECT date_trunc('day', hour, 'UTC'), tenant_id, event_type, source_partition, sum(n)
FROM event_counts_hourly GROUP BY 1, 2, 3, 4;
"""


def fill(url: str, rows: int) -> None:
    """Insert the rows of 30 days, and the rollups of a busy month, which are the same at every size."""
    with psycopg.connect(url, autocommit=True) as connection:
        for step in range(DAYS):
            _fill_day(connection, step, rows // DAYS)
        dead_letters = sql.SQL(DEAD_LETTERS).format(dead_letters=int(rows * DEAD_LETTERS_PER_EVENT), tenants=TENANTS)
        connection.execute(dead_letters, [])
        connection.execute(ROLLUPS)
        connection.execute("VACUUM ANALYZE")


def _fill_day(connection: psycopg.Connection[tuple[object, ...]], step: int, count: int) -> None:
    start = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(days=step)
    parts = {
        "day": sql.Identifier(f"events_{start:%Y_%m_%d}"),
        "start": sql.Literal(start.isoformat()),
        "end": sql.Literal((start + timedelta(days=1)).isoformat()),
        "first": step * count,
        "last": step * count + count - 1,
        "count": count,
        "tenants": TENANTS,
    }
    connection.execute(sql.SQL(MAKE_DAY).format(**parts))
    connection.execute(sql.SQL(ROWS).format(**parts), [])
    connection.execute(sql.SQL(FINISH_DAY).format(**parts))
