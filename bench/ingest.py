"""Ingest against the brief's Go design and against a bare endpoint: CPU per event, rate, batches, latency, memory.

Everything is a ratio within one run: interleaved pairs, their median and spread. ``docs/benchmarks/ingest.md`` keeps
the table. Without Go on the machine its columns say "not measured".
"""

import argparse
import os
import platform
import shutil
import signal
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import psutil
from bench import ingest_client
from bench.ingest_client import Found
from bench.processor_setting import new_platform, own_servers
from tests.fixtures.servers import RunningServers

from event_platform.local.ports import free_port

GO_SOURCE = Path(__file__).parent / "baselines" / "ingest-go"
GOALS = {16: (1.4, None), 64: (1.0, 0.95), 256: (0.8, 1.1)}
"""Connections: CPU per event ÷ Go's at most, rate ÷ Go's at least."""


@dataclass(frozen=True)
class Subject:
    """A service under measurement, and the processes whose CPU counts."""

    name: str
    port: int
    process: psutil.Process
    servers: tuple[psutil.Process, ...]


@dataclass(frozen=True)
class Measured:
    """One round: events a second, microseconds of CPU per event of the service, and of service, Kafka and Redis."""

    rate: float
    own_us: float
    all_us: float
    latencies: list[float]


def cpu_seconds(process: psutil.Process) -> float:
    """User and system time so far."""
    times = process.cpu_times()
    return float(times.user + times.system)


def measure(subject: Subject, connections: int, seconds: float, batch: int = 0, pause_seconds: float = 0.0) -> Measured:
    """Load it for so long."""
    make = ingest_client.batch_requests(batch) if batch else ingest_client.single_requests()
    ingest_client.run(subject.port, connections, 0.5, make, pause_seconds)
    before = [cpu_seconds(process) for process in (subject.process, *subject.servers)]
    found = ingest_client.run(subject.port, connections, seconds, make, pause_seconds)
    spent = [cpu_seconds(process) - at for process, at in zip((subject.process, *subject.servers), before, strict=True)]
    return _measured(found, spent, batch or 1)


def _measured(found: Found, spent: list[float], per_answer: int) -> Measured:
    if found.refused:
        raise SystemExit(f"{found.refused} of {found.answers + found.refused} requests were refused")
    events = found.answers * per_answer
    return Measured(events / found.seconds, 1e6 * spent[0] / events, 1e6 * sum(spent) / events, sorted(found.latencies))


@contextmanager
def service(
    name: str, command: list[str], environment: dict[str, str], servers: tuple[psutil.Process, ...]
) -> Iterator[Subject]:
    """Start a service and wait until it answers."""
    port = free_port()
    process = subprocess.Popen(command, env={**os.environ, **environment, "INGEST_PORT": str(port)})
    try:
        _wait(port)
        yield Subject(name, port, psutil.Process(process.pid), servers)
    finally:
        process.terminate()
        process.wait(20)


def _wait(port: int) -> None:
    deadline = time.monotonic() + 20
    while True:
        try:
            if httpx.get(f"http://127.0.0.1:{port}/health").status_code < 300:  # noqa: PLR2004 - any 2xx
                return
        except httpx.TransportError:
            pass
        if time.monotonic() > deadline:
            raise SystemExit("the service does not become ready")
        time.sleep(0.1)


def build_go(folder: Path) -> Path | None:
    """The Go baseline, None where there is no Go."""
    if shutil.which("go") is None:
        return None
    subprocess.run(["go", "build", "-o", str(folder / "ingest-go"), "."], cwd=GO_SOURCE, check=True)
    return folder / "ingest-go"


def compare(ours: Subject, other: Subject | None, connections: int, given: argparse.Namespace) -> None:
    """Interleaved pairs at so many connections, and their ratios."""
    pairs = []
    for _ in range(given.rounds):
        theirs = measure(other, connections, given.seconds) if other else None
        pairs.append((measure(ours, connections, given.seconds), theirs))
    _tell(f"{ours.name}, {connections} connections", [mine for mine, _ in pairs])
    if other is None:
        print("  Go: not measured")
        return
    _tell(f"{other.name}, {connections} connections", [theirs for _, theirs in pairs if theirs])
    _ratio(
        "CPU of all ÷ Go's", [mine.all_us / theirs.all_us for mine, theirs in pairs if theirs], GOALS[connections][0]
    )
    _ratio("rate ÷ Go's", [mine.rate / theirs.rate for mine, theirs in pairs if theirs], GOALS[connections][1])


def _tell(label: str, rounds: list[Measured]) -> None:
    rate, own, everything = (
        statistics.median(values) for values in zip(*((r.rate, r.own_us, r.all_us) for r in rounds), strict=True)
    )
    print(f"{label}: {rate:,.0f} events/s, {own:.0f} | {everything:.0f} µs of CPU per event", flush=True)


def _ratio(label: str, ratios: list[float], goal: float | None) -> None:
    suffix = "" if goal is None else f", goal {goal}"
    print(f"  {label}: {statistics.median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f}){suffix}", flush=True)


def batches(ours: Subject, given: argparse.Namespace) -> None:
    """Batches of 100 against single requests."""
    pairs = [
        (measure(ours, 8, given.seconds, batch=100), measure(ours, 64, given.seconds)) for _ in range(given.rounds)
    ]
    _tell("batches of 100, 8 connections", [many for many, _ in pairs])
    _ratio("rate ÷ single requests'", [many.rate / single.rate for many, single in pairs], 8)


def latency(ours: Subject, given: argparse.Namespace) -> None:
    """p99 at half the greatest rate."""
    most = measure(ours, 64, given.seconds).rate
    found = measure(ours, 256, given.seconds, pause_seconds=256 / (most / 2) - 0.004)
    p50, p99 = (found.latencies[int(len(found.latencies) * part)] * 1_000 for part in (0.5, 0.99))
    print(
        f"at {found.rate:,.0f} events/s of at most {most:,.0f}: p50 {p50:.1f} ms, p99 {p99:.1f} ms, goal < 25",
        flush=True,
    )


def idle(ours: Subject, given: argparse.Namespace) -> None:
    """What 300 idle connections cost."""
    ratios = []
    for _ in range(given.rounds):
        alone = measure(ours, 64, given.seconds).own_us
        idle_ones = [httpx.Client() for _ in range(300)]
        for client in idle_ones:
            client.get(f"http://127.0.0.1:{ours.port}/livez")
        ratios.append(measure(ours, 64, given.seconds).own_us / alone)
        for client in idle_ones:
            client.close()
    _ratio("CPU per event with 300 idle connections ÷ without", ratios, 1.02)


def memory(ours: Subject, events: int) -> None:
    """Resident memory over many events, in batches, because that is how so many go through in a short time."""
    sizes, sent = [], 0
    while sent < events:
        found = ingest_client.run(ours.port, 8, 5, ingest_client.batch_requests(100))
        sent += found.answers * 100
        sizes.append(ours.process.memory_info().rss / 1e6)
        print(f"  {sent:,} events: {sizes[-1]:.0f} MB", flush=True)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=4.0)
    parser.add_argument("--events", type=int, default=5_000_000, help="for memory")
    given = parser.parse_args()
    # Else SIGTERM would leave the servers behind.
    signal.signal(signal.SIGTERM, lambda _signal, _frame: sys.exit(1))
    print(f"{platform.platform()}, Python {platform.python_version()}, {psutil.cpu_count()} cores")
    with own_servers() as servers:
        _measure_all(servers, given)


def _measure_all(servers: RunningServers, given: argparse.Namespace) -> None:
    settings = new_platform(servers)
    environment = {
        "KAFKA_BROKERS": servers.kafka_brokers,
        "REDIS_URL": servers.redis_url,
        "TOPIC_RAW": settings.topic_raw,
        "TOPIC_DLQ": settings.topic_dlq,
        "RATE_LIMIT_PER_MIN": "900000000",
        "IDEMPOTENCY_TTL_SECONDS": "60",
        "LOG_FORMAT": "json",
    }
    behind = tuple(psutil.Process(servers.pid(name)) for name in ("kafka", "redis"))
    python = sys.executable
    go = build_go(Path(str(settings.event_platform_home)))
    with service("Python", [python, "-m", "event_platform.cli", "ingest"], environment, behind) as ours:
        if go is None:
            for connections in GOALS:
                compare(ours, None, connections, given)
        else:
            # The two keep different things under the same names, so each has a database of its own.
            apart = {"REDIS_URL": servers.redis_url.removesuffix("/0") + "/1"}
            with service("Go", [str(go)], environment | apart, behind) as theirs:
                for connections in GOALS:
                    compare(ours, theirs, connections, given)
        with service("bare endpoint", [python, "-m", "bench.ingest_endpoint"], environment, ()) as bare:
            _tell("bare endpoint, 64 connections", [measure(bare, 64, given.seconds) for _ in range(given.rounds)])
        batches(ours, given)
        latency(ours, given)
        idle(ours, given)
        memory(ours, given.events)


if __name__ == "__main__":
    main()
