"""Ingest against the brief's Go design and against a bare endpoint: CPU per event, rate, batches, latency, memory.

Everything is a ratio within one run: interleaved pairs, their median and spread. ``docs/benchmarks/ingest.md`` keeps
the table. Without Go on the machine its columns say "not measured".
"""

import argparse
import contextlib
import platform
import shutil
import signal
import socket
import statistics
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import psutil
from bench import ingest_client
from bench.ingest_client import LoadResult
from bench.ingest_subject import Measurement, Subject, check, measure, service
from bench.processor_setting import new_platform
from bench.servers import BenchServers, running_servers
from redis import Redis

GO_SOURCE = Path(__file__).parent / "baselines" / "ingest-go"
GOALS = {16: (1.4, None), 64: (1.0, 0.95), 256: (0.8, 1.1)}
"""Connections: CPU per event ÷ Go's at most, rate ÷ Go's at least."""
BATCH_CONNECTIONS = (8, 16, 64)
SINGLES_EVERY = 4
"""In the memory run one step of this many sends single requests, the others batches."""


@dataclass(frozen=True)
class IngestBench:
    """The services, and how long and how often to measure."""

    ours: Subject
    given: argparse.Namespace
    environment: dict[str, str]
    behind: tuple[psutil.Process, ...]

    def bare(self) -> contextlib.AbstractContextManager[Subject]:
        """Start an endpoint that does nothing, on the same HTTP server: the least that a request costs."""
        return service("bare endpoint", [sys.executable, "-m", "bench.ingest_endpoint"], self.environment, ())


def go(bench: IngestBench) -> None:
    """Compare with the Go baseline at each number of connections."""
    binary = _build_go()
    # The two store different values under the same keys, so each has a Redis database of its own.
    apart = {"REDIS_URL": bench.environment["REDIS_URL"].removesuffix("/0") + "/1"}
    with ExitStack() as stack:
        other = None
        if binary is not None:
            other = stack.enter_context(service("Go", [binary], bench.environment | apart, bench.behind))
        for connections in bench.given.connections:
            _compare(bench, other, connections)


def _build_go() -> str | None:
    """Build the Go baseline; return None without Go."""
    if shutil.which("go") is None:
        return None
    binary = GO_SOURCE.parents[2] / ".build" / "ingest-go"
    subprocess.run(["go", "build", "-o", str(binary), "."], cwd=GO_SOURCE, check=True)
    return str(binary)


def _compare(bench: IngestBench, other: Subject | None, connections: int) -> None:
    """Measure interleaved pairs, and print their ratios."""
    pairs = []
    for _ in range(bench.given.rounds):
        theirs = measure(other, connections, bench.given.seconds) if other else None
        pairs.append((measure(bench.ours, connections, bench.given.seconds), theirs))
    _print_rounds(f"{bench.ours.name}, {connections} connections", [mine for mine, _ in pairs])
    if other is None:
        print("  Go: not measured")
        return
    _print_rounds(f"{other.name}, {connections} connections", [theirs for _, theirs in pairs if theirs])
    cpu_goal, rate_goal = GOALS[connections]
    _print_ratio("CPU of all ÷ Go's", [mine.all_us / theirs.all_us for mine, theirs in pairs if theirs], cpu_goal)
    _print_ratio("rate ÷ Go's", [mine.rate / theirs.rate for mine, theirs in pairs if theirs], rate_goal)


def _print_rounds(label: str, rounds: list[Measurement]) -> None:
    rate, own, everything = (
        statistics.median(values) for values in zip(*((r.rate, r.own_us, r.all_us) for r in rounds), strict=True)
    )
    behind = " + ".join(f"{statistics.median(us):.0f}" for us in zip(*(r.servers_us for r in rounds), strict=True))
    print(
        f"{label}: {rate:,.0f} events/s, {own:.1f} | {everything:.1f} µs of CPU per event (Kafka + Redis: {behind})",
        flush=True,
    )


def _print_ratio(label: str, ratios: list[float], goal: float | None) -> None:
    suffix = "" if goal is None else f", goal {goal}"
    print(f"  {label}: {statistics.median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f}){suffix}", flush=True)


def bare(bench: IngestBench) -> None:
    """Measure the bare endpoint."""
    with bench.bare() as endpoint:
        _print_rounds("bare endpoint, 64 connections", _rounds(bench, endpoint, 64))


def _rounds(bench: IngestBench, subject: Subject, connections: int) -> list[Measurement]:
    return [measure(subject, connections, bench.given.seconds) for _ in range(bench.given.rounds)]


def batches(bench: IngestBench) -> None:
    """Compare batches of 100 with single requests at each number of connections, and the best rate of each."""
    rounds = [
        {connections: _batches_and_singles(bench, connections) for connections in BATCH_CONNECTIONS}
        for _ in range(bench.given.rounds)
    ]
    for connections in BATCH_CONNECTIONS:
        pairs = [each[connections] for each in rounds]
        _print_rounds(f"batches of 100, {connections} connections", [many for many, _ in pairs])
        _print_rounds(f"single requests, {connections} connections", [single for _, single in pairs])
        _print_ratio("rate ÷ single requests'", [many.rate / single.rate for many, single in pairs], 8)
    best = [
        max(many.rate for many, _ in each.values()) / max(single.rate for _, single in each.values()) for each in rounds
    ]
    _print_ratio("the best rate of each ÷ the other's", best, 8)


def _batches_and_singles(bench: IngestBench, connections: int) -> tuple[Measurement, Measurement]:
    seconds = bench.given.seconds
    return measure(bench.ours, connections, seconds, batch=100), measure(bench.ours, connections, seconds)


def latency(bench: IngestBench) -> None:
    """Measure p99 at half the greatest rate, and of a bare endpoint at the same rate: what the client itself adds."""
    seconds = bench.given.seconds
    most = statistics.median(measure(bench.ours, 64, seconds).rate for _ in range(min(3, bench.given.rounds)))
    print(f"at {most / 2:,.0f} requests/s, half of at most {most:,.0f}; goal p99 < 25 ms")
    with bench.bare() as endpoint:
        for subject in (bench.ours, endpoint):
            for _ in range(bench.given.rounds):
                found = ingest_client.run_open(subject.port, seconds, ingest_client.single_requests(), most / 2)
                _print_latency(subject.name, found)


def _print_latency(name: str, found: LoadResult) -> None:
    check(found)
    p50, p99, most = (found.latency_ms(part) for part in (0.5, 0.99, 0.9999))
    rate = found.answers / found.seconds
    print(f"  {name}, {rate:,.0f}/s: p50 {p50:.1f} ms, p99 {p99:.1f} ms, p99.99 {most:.1f} ms", flush=True)


def idle(bench: IngestBench) -> None:
    """Measure what 300 idle connections cost."""
    ratios = []
    for _ in range(bench.given.rounds):
        alone = measure(bench.ours, 64, bench.given.seconds).own_us
        with ExitStack() as stack:
            for _ in range(300):
                stack.enter_context(_idle_connection(bench.ours.port))
            ratios.append(measure(bench.ours, 64, bench.given.seconds).own_us / alone)
    _print_ratio("CPU per event with 300 idle connections ÷ without", ratios, 1.02)


@contextlib.contextmanager
def _idle_connection(port: int) -> Iterator[None]:
    with socket.create_connection(("127.0.0.1", port)) as connection:
        connection.sendall(b"GET /livez HTTP/1.1\r\nHost: bench\r\n\r\n")
        connection.recv(4096)
        yield


def memory(bench: IngestBench) -> None:
    """Print resident memory over many events; mostly batches, which send so many in a short time."""
    sent, step = 0, 0
    while sent < bench.given.events:
        step += 1
        size, connections = (1, 64) if step % SINGLES_EVERY == 0 else (100, 8)
        make = ingest_client.batch_requests(size) if size > 1 else ingest_client.single_requests()
        found = ingest_client.run(bench.ours.port, connections, 5, make)
        check(found)
        sent += found.answers * size
        print(f"  {sent:,} events: {bench.ours.process.memory_info().rss / 1e6:.1f} MB", flush=True)


PARTS: dict[str, Callable[[IngestBench], None]] = {
    part.__name__: part for part in (go, bare, batches, latency, idle, memory)
}


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", choices=PARTS, nargs="+", default=list(PARTS), help="which parts")
    parser.add_argument("--connections", type=int, choices=GOALS, nargs="+", default=list(GOALS), help="for go")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=4.0)
    parser.add_argument("--events", type=int, default=5_000_000, help="for memory")
    return parser.parse_args()


def main() -> None:
    """Print the table."""
    given = _arguments()
    # Exit on SIGTERM, so that the servers are stopped.
    signal.signal(signal.SIGTERM, lambda _signal, _frame: sys.exit(1))
    print(f"{platform.platform()}, Python {platform.python_version()}, {psutil.cpu_count()} cores")
    with running_servers() as servers:
        environment = _environment(servers)
        behind = tuple(psutil.Process(servers.pid(name)) for name in ("kafka", "redis"))
        command = [sys.executable, "-m", "event_platform.cli", "ingest"]
        with service("Python", command, environment, behind) as ours:
            for part in given.only:
                # Keys of the previous part would expire at the cost of this one.
                with Redis.from_url(servers.redis_url) as redis:
                    redis.flushall(asynchronous=True)
                PARTS[part](IngestBench(ours, given, environment, behind))


def _environment(servers: BenchServers) -> dict[str, str]:
    settings = new_platform(servers)
    return {
        "KAFKA_BROKERS": servers.kafka_brokers,
        "REDIS_URL": servers.redis_url,
        "TOPIC_RAW": settings.topic_raw,
        "TOPIC_DLQ": settings.topic_dlq,
        "RATE_LIMIT_PER_MIN": "900000000",
        "LOG_FORMAT": "json",
    }


if __name__ == "__main__":
    main()
