"""Speed of the processor against its limits: one raw COPY of the same rows, and one insert per message.

Everything is a ratio within one run: interleaved rounds, their median and spread. ``docs/benchmarks/processor.md``
keeps the table and says where the time goes.
"""

import argparse
import platform
import signal
import statistics
import sys
from collections.abc import Callable, Collection
from datetime import UTC, datetime
from typing import Final

import psutil
import psycopg
from bench import processor_latency, processor_memory, processor_rates
from bench.processor_rates import Bench, Rate
from bench.processor_setting import empty, fill_topic, messages, new_platform, url_of
from bench.servers import BenchServers, running_servers

from event_platform.processor.storage import daily_partitions

RAW_COPY: Final = "raw COPY"
SINGLES: Final = "single inserts"
SERVICE: Final = "service, 1 worker"
LATENCY: Final = "latency"
MEMORY: Final = "memory"

MEASURES: Final[dict[str, Callable[[Bench], Rate]]] = {
    RAW_COPY: processor_rates.raw_copy,
    "pipeline": processor_rates.pipeline_alone,
    "1 in 1,000 there": processor_rates.some_there,
    SERVICE: lambda bench: processor_rates.service(bench, 1),
    "service, 2 workers": lambda bench: processor_rates.service(bench, 2),
    SINGLES: processor_rates.single_inserts,
}

GOALS: Final = (
    ("pipeline", RAW_COPY, 0.7),
    (SERVICE, RAW_COPY, 0.7),
    ("pipeline", SINGLES, 20),
    (SERVICE, SINGLES, 20),
    ("1 in 1,000 there", RAW_COPY, 0.4),
    ("service, 2 workers", SERVICE, 0.95),
)
"""Two measurements, and the goal for the ratio of the first to the second."""


def rounds(bench: Bench, count: int, names: Collection[str]) -> dict[str, list[Rate]]:
    """Run every measurement in every round, one after the other."""
    found: dict[str, list[Rate]] = {name: [] for name in MEASURES if name in names}
    for number in range(count):
        for name, rates in found.items():
            empty(bench.settings)
            rates.append(MEASURES[name](bench))
            print(f"  round {number + 1}: {name}: {rates[-1].text()}", flush=True)
    return found


def print_ratio(found: dict[str, list[Rate]], name: str, limit: str, goal: float) -> None:
    """Print the median of the ratios with their spread, and whether it meets the goal."""
    ratios = [one.rows / other.rows for one, other in zip(found[name], found[limit], strict=True)]
    median = statistics.median(ratios)
    verdict = "met" if median >= goal * 0.95 else "NOT met"
    print(f"{name} ÷ {limit}: {median:.2f} ({min(ratios):.2f} to {max(ratios):.2f}), goal ≥ {goal}: {verdict}")


def measure_rates(servers: BenchServers, given: argparse.Namespace, names: Collection[str]) -> None:
    """Print rows a second, and their ratios."""
    settings = new_platform(servers)
    with psycopg.connect(url_of(settings), autocommit=True) as connection:
        daily_partitions.create(connection, daily_partitions.required_days(datetime.now(UTC)))
    bench = Bench(settings, servers, messages(given.rows), given.singles)
    fill_topic(settings, bench.values)
    found = rounds(bench, given.rounds, names)
    for name, rates in found.items():
        middle = sorted(rates, key=lambda rate: rate.rows)[len(rates) // 2]
        print(f"median, {name}: {middle.text()}")
    for name, limit, goal in GOALS:
        if name in found and limit in found:
            print_ratio(found, name, limit, goal)


def main() -> None:
    """Print rates, ratios, latencies and memory."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--singles", type=int, default=3_000)
    parser.add_argument("--events", type=int, default=5_000_000, help="for memory")
    parser.add_argument("--outage", type=float, default=120.0, help="seconds, for memory")
    parts = (*MEASURES, LATENCY, MEMORY)
    parser.add_argument("--only", action="append", choices=parts, help="run only this part; may be repeated")
    given = parser.parse_args()
    names = given.only or parts
    # Exit on SIGTERM, so that the servers are stopped.
    signal.signal(signal.SIGTERM, lambda _signal, _frame: sys.exit(1))
    print(f"{platform.platform()}, Python {platform.python_version()}, {psutil.cpu_count()} cores, {given.rows:,} rows")
    with running_servers() as servers:
        if MEASURES.keys() & set(names):
            measure_rates(servers, given, names)
        if LATENCY in names:
            processor_latency.measure(servers)
        if MEMORY in names:
            processor_memory.measure(servers, given.events, given.outage)


if __name__ == "__main__":
    main()
