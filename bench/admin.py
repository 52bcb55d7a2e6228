"""Endpoints of the admin API at two sizes of the store: p99 of each, and their ratio.

Both stores lie in one Postgres and are asked in turn, so that the ratio does not hang on the machine's mood. The rows
are small. ``docs/benchmarks/admin.md`` keeps the table.
"""

import argparse
import os
import random
import statistics
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import httpx
import psycopg
from bench.processor_setting import environment_of, new_platform, own_servers, url_of
from psycopg import sql

from event_platform.core.settings import Settings
from event_platform.local.ports import free_port

DAYS = 30
TENANTS = 4
LETTERS_PER_EVENT = 0.01
WARM_UP = 30
MOST = 1_000
"""Ids or keys of one lookup."""

# The id tells its time as ingest's do; the key is the row's number, so that rows can be asked for.
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
LETTERS = """
INSERT INTO dlq_events (failed_at, code, reason, source_topic, source_topic_id, source_partition, source_offset,
                        tenant_id, event_id, idempotency_key, original_bytes)
SELECT now() - number * interval '30 days' / {letters}, (ARRAY['VALIDATION_FAILED', 'UNSTORABLE'])[1 + number %% 2],
       'VALIDATION_FAILED: missing event_type', 'raw', 'id', 0, number, 'tenant_' || number %% {tenants},
       'dead-' || number, 'dead-key-' || number, '{{"a": 1}}'
FROM generate_series(1, {letters}) AS number
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
"""


@dataclass(frozen=True)
class Filled:
    """A store of one size, and the service in front of it."""

    rows: int
    client: httpx.Client


def fill(url: str, rows: int) -> None:
    """Write the rows of 30 days, and the rollups as a busy month leaves them (the same at every size)."""
    with psycopg.connect(url, autocommit=True) as connection:
        for step in range(DAYS):
            _fill_day(connection, step, rows // DAYS)
        letters = sql.SQL(LETTERS).format(letters=int(rows * LETTERS_PER_EVENT), tenants=TENANTS)
        connection.execute(letters, [])
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


@contextmanager
def serving(settings: Settings, rows: int) -> Iterator[Filled]:
    """The admin service in front of a filled store."""
    port = free_port()
    environment = (
        os.environ | environment_of(settings) | {"ADMIN_PORT": str(port), "REDIS_URL": "redis://127.0.0.1:1/0"}
    )
    process = subprocess.Popen([sys.executable, "-m", "event_platform.cli", "admin"], env=environment)
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=30) as client:
            _wait(client)
            yield Filled(rows, client)
    finally:
        process.terminate()
        process.wait()


def _wait(client: httpx.Client) -> None:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        try:
            client.get("/livez")
        except httpx.TransportError:
            time.sleep(0.1)
        else:
            return
    raise SystemExit("the admin service did not start")


def _lookup(filled: Filled, chance: random.Random, name: str) -> None:
    numbers = [_number(filled, chance) for _ in range(MOST)]
    wanted = [f"key-{each}" if name == "idempotency_keys" else _request_id(filled, each) for each in numbers]
    answer = filled.client.post("/admin/events/lookup", json={"tenant": "tenant_0", name: wanted}).raise_for_status()
    found = sum(each["state"] == "stored" for each in answer.json()["results"])
    # The milliseconds of ids made up here may be rounded otherwise than Postgres did.
    if found < MOST * 0.9:
        raise SystemExit(f"only {found} of {MOST} were found")


def _request_id(filled: Filled, number: int) -> str:
    step, rest = divmod(number, filled.rows // DAYS)
    today = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    at = today - timedelta(days=step) + timedelta(days=1) * rest / (filled.rows // DAYS)
    return f"req_{uuid.UUID(f'{int(at.timestamp() * 1_000):012x}70008{number:015x}')}"


def _number(filled: Filled, chance: random.Random) -> int:
    return chance.randrange(filled.rows // TENANTS) * TENANTS


def _get(path: str) -> Callable[[Filled, random.Random], None]:
    def ask(filled: Filled, chance: random.Random) -> None:
        filled.client.get(path.format(number=_number(filled, chance))).raise_for_status()

    return ask


QUESTIONS: dict[str, Callable[[Filled, random.Random], None]] = {
    "overview": _get("/admin/overview"),
    "top-event-types, a day": _get("/admin/top-event-types"),
    "top-event-types, 30 days": _get("/admin/top-event-types?sinceMinutes=43200"),
    "series, an hour": _get("/admin/series?minutes=60"),
    "series, a day": _get("/admin/series?minutes=1440"),
    "search by event id": _get("/admin/event/search?tenant=tenant_0&eventId=event-{number}"),
    "search by event id, not there": _get("/admin/event/search?tenant=tenant_0&eventId=nope-{number}"),
    "search by idempotency key": _get("/admin/event/by-idempotency?tenant=tenant_0&idempotencyKey=key-{number}"),
    "search by request id, no tenant": _get("/admin/event/search?requestId=req_00000000-0000-7000-8000-{number:012x}"),
    "dead letters": _get("/admin/dlq/sample"),
    "dead letters of a code and tenant": _get("/admin/dlq/sample?code=UNSTORABLE&tenant=tenant_1"),
    "lookup of 1,000 keys": lambda filled, chance: _lookup(filled, chance, "idempotency_keys"),
    "lookup of 1,000 request ids": lambda filled, chance: _lookup(filled, chance, "request_ids"),
}


def p99_ms(ask: Callable[[Filled, random.Random], None], filled: Filled, chance: random.Random, count: int) -> float:
    """The 99th percentile of ``count`` answers, one after the other, in milliseconds."""
    seconds = []
    for _ in range(count):
        started = time.perf_counter()
        ask(filled, chance)
        seconds.append(time.perf_counter() - started)
    return sorted(seconds)[int(count * 0.99) - 1] * 1_000


def compare(stores: list[Filled], rounds: int, count: int) -> None:
    """Print a line for each question: median p99 of the rounds at each size, and the median of the pairs' ratios."""
    chance = random.Random(1)  # noqa: S311 - not secret, and the same in each run
    print("| endpoint | " + " | ".join(f"p99 at {each.rows:,} rows, ms" for each in stores) + " | ratio (spread) |")
    print("|---|" + "---|" * (len(stores) + 1))
    for name, ask in QUESTIONS.items():
        for each in stores:
            p99_ms(ask, each, chance, WARM_UP)
        pairs = [[p99_ms(ask, each, chance, count) for each in stores] for _ in range(rounds)]
        medians = [statistics.median(column) for column in zip(*pairs, strict=True)]
        ratios = sorted(pair[-1] / pair[0] for pair in pairs)
        shown = f"{statistics.median(ratios):.2f} ({ratios[0]:.2f} to {ratios[-1]:.2f})"
        print(f"| {name} | " + " | ".join(f"{each:.1f}" for each in medians) + f" | {shown} |", flush=True)


def main() -> None:
    """Fill two stores, and compare."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, nargs=2, default=[1_000_000, 10_000_000])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--requests", type=int, default=100)
    wanted = parser.parse_args()
    with own_servers() as servers:
        stores = [(new_platform(servers), rows) for rows in wanted.rows]
        for settings, rows in stores:
            started = time.monotonic()
            fill(url_of(settings), rows)
            print(f"filled {rows:,} rows in {time.monotonic() - started:.0f} s", flush=True)
        (first, small), (second, large) = stores
        with serving(first, small) as one, serving(second, large) as other:
            compare([one, other], wanted.rounds, wanted.requests)


if __name__ == "__main__":
    main()
