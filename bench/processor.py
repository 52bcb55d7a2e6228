"""Speed of the processor against its limits: one raw COPY of the same rows, and one insert per message.

Everything is a ratio within one run: interleaved rounds, their median and spread. ``docs/benchmarks/processor.md``
keeps the table and says where the time goes.
"""

import argparse
import os
import platform
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime

import psutil
import psycopg
from bench import processor_latency
from bench.processor_setting import (
    begin_at_zero,
    empty,
    environment_of,
    fill_topic,
    messages,
    new_platform,
    own_servers,
    url_of,
    wait_for,
)

from event_platform.core.settings import Settings
from event_platform.processor import copy_format, partitions, pipeline
from event_platform.processor.batch import Batch, Record, Span, Taken
from event_platform.processor.database import Database
from event_platform.processor.outcome import Row, Store
from event_platform.processor.source import MAX_RECORDS
from event_platform.processor.store import Store as Table
from event_platform.processor.validation import Rules
from event_platform.processor.writer import Writer

RULES = Rules(frozenset({1}), 30)
INSERT = (
    "INSERT INTO events (id, tenant_id, event_id, idempotency_key, event_type, schema_version, occurred_at, "
    "received_at, payload) SELECT gen_random_uuid(), 't', %s, %s, 'x', 1, now(), now(), %s::jsonb"
)


@dataclass(frozen=True)
class Bench:
    """What every measurement needs."""

    settings: Settings
    values: list[bytes]
    singles: int


def taken(values: list[bytes], start: int) -> Taken:
    """A batch as Kafka would give it."""
    records = tuple(Record(0, start + place, value) for place, value in enumerate(values))
    return Taken("bench", records, {0: Span(start, start + len(values))})


def chunks(values: list[bytes]) -> list[Taken]:
    """All of ``values`` in batches of the processor's size."""
    return [taken(values[at : at + MAX_RECORDS], at) for at in range(0, len(values), MAX_RECORDS)]


def decide(one: Taken) -> Batch:
    """Decode, validate, enrich, encode."""
    return pipeline.decide(one, RULES, datetime.now(UTC))


def pipeline_rate(bench: Bench) -> float:
    """Rows a second through decoding, validating and the whole transaction, overlapped as in the processor."""
    database = Database(bench.settings)
    writer = Writer(database, Database(bench.settings), Table(database.connection, "bench"), lambda _p, _s: True)
    begin_at_zero(database.connection(), "bench")
    started = time.perf_counter()
    with ThreadPoolExecutor(1) as background:
        running = None
        for one in chunks(bench.values):
            batch = decide(one)
            if running is not None:
                running.result()
            running = background.submit(writer.write, batch)
        if running is not None:
            running.result()
    seconds = time.perf_counter() - started
    database.close()
    return len(bench.values) / seconds


def staged_rate(bench: Bench) -> float:
    """The same where one row in a thousand is there already."""
    database = Database(bench.settings)
    writer = Writer(database, Database(bench.settings), Table(database.connection, "before"), lambda _p, _s: True)
    begin_at_zero(database.connection(), "before")
    some = bench.values[::1000]
    records = Taken("before", taken(some, 0).records, {0: Span(0, len(some))})
    writer.write(decide(records))
    database.close()
    return pipeline_rate(bench)


def rows_of(values: list[bytes]) -> list[Row]:
    """All rows, decoded."""
    return [outcome.row for one in chunks(values) for outcome in decide(one).outcomes if isinstance(outcome, Store)]


def raw_copy_rate(bench: Bench) -> float:
    """Rows a second of one COPY of the same rows, ready encoded, into the same table."""
    data = copy_format.encode(rows_of(bench.values))
    with psycopg.connect(url_of(bench.settings)) as connection:
        started = time.perf_counter()
        with connection.cursor().copy(
            f"COPY events ({', '.join(copy_format.COLUMNS)}) FROM STDIN (FORMAT binary)"
        ) as copy:
            copy.write(data)
        connection.commit()
        return len(bench.values) / (time.perf_counter() - started)


def single_insert_rate(bench: Bench) -> float:
    """Rows a second of one insert and one commit for each message, prepared, over one connection."""
    with psycopg.connect(url_of(bench.settings), autocommit=True, prepare_threshold=1) as connection:
        started = time.perf_counter()
        for number in range(bench.singles):
            connection.execute(INSERT, [f"single-{number}", f"single-{number}", '{"order_id":1,"amount":12.5}'])
        return bench.singles / (time.perf_counter() - started)


def process_rate(bench: Bench, workers: int) -> float:
    """Rows a second of the real service from Kafka to Postgres, from its first row to its last."""
    command = [sys.executable, "-m", "event_platform.cli", "processor", "--workers", str(workers)]
    with subprocess.Popen(
        command, env=os.environ | environment_of(bench.settings), stderr=subprocess.DEVNULL
    ) as process:
        try:
            first = wait_for(bench.settings, 1)
            return len(bench.values) / (wait_for(bench.settings, len(bench.values)) - first)
        finally:
            process.terminate()
            process.wait(20)


def rounds(bench: Bench, pairs: int, measures: dict[str, Callable[[], float]]) -> dict[str, list[float]]:
    """Every measure in every round, one after the other."""
    found: dict[str, list[float]] = {name: [] for name in measures}
    for number in range(pairs):
        for name, measure in measures.items():
            empty(bench.settings)
            found[name].append(measure())
            print(f"  round {number + 1}: {name} {found[name][-1]:,.0f} rows/s", flush=True)
    return found


def tell(found: dict[str, list[float]], name: str, limit: str, goal: float) -> None:
    """The median of the ratios, with their spread, against the goal."""
    ratios = [one / other for one, other in zip(found[name], found[limit], strict=True)]
    median = statistics.median(ratios)
    verdict = "met" if median >= goal * 0.95 else "NOT met"
    print(f"{name} ÷ {limit}: {median:.2f} ({min(ratios):.2f} to {max(ratios):.2f}), goal ≥ {goal}: {verdict}")


def main() -> None:
    """Print rates, ratios and latencies."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--singles", type=int, default=3_000)
    given = parser.parse_args()
    print(f"{platform.platform()}, Python {platform.python_version()}, {psutil.cpu_count()} cores, {given.rows:,} rows")
    with own_servers() as servers:
        settings = new_platform(servers)
        with psycopg.connect(url_of(settings), autocommit=True) as connection:
            partitions.make(connection, partitions.days_ahead(datetime.now(UTC)))
        bench = Bench(settings, messages(given.rows), given.singles)
        fill_topic(settings, bench.values)
        found = rounds(
            bench,
            given.rounds,
            {
                "raw COPY": lambda: raw_copy_rate(bench),
                "pipeline": lambda: pipeline_rate(bench),
                "1 in 1,000 there": lambda: staged_rate(bench),
                "service, 1 worker": lambda: process_rate(bench, 1),
                "service, 2 workers": lambda: process_rate(bench, 2),
                "single inserts": lambda: single_insert_rate(bench),
            },
        )
        print({name: f"{statistics.median(rates):,.0f}" for name, rates in found.items()})
        tell(found, "pipeline", "raw COPY", 0.7)
        tell(found, "service, 1 worker", "raw COPY", 0.7)
        tell(found, "service, 1 worker", "single inserts", 20)
        tell(found, "1 in 1,000 there", "raw COPY", 0.4)
        tell(found, "service, 2 workers", "service, 1 worker", 0.95)
        processor_latency.measure(servers)


if __name__ == "__main__":
    main()
