"""Latency of the admin API's endpoints, and the rate of storing, at several database sizes, and their ratios.

All databases are in one Postgres and are measured in turn, so that the machine's load affects them alike. The rows are
small. ``docs/benchmarks/admin.md`` has the results.
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
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import httpx
import psycopg
from bench import processor_rates
from bench.admin_store import DAYS, TENANTS, fill
from bench.processor_rates import Bench
from bench.processor_setting import environment_of, messages, new_platform, url_of
from bench.servers import BenchServers, running_servers

from event_platform.core.settings.model import Settings
from event_platform.local.servers.ports import PortReservations

WARM_UP_REQUESTS = 30
LOOKUP_SIZE = 1_000
"""Request ids or keys of one lookup."""
LOOKUP = "/admin/events/lookup"
EVENTS_PER_RUN = 50_000


@dataclass(frozen=True)
class Target:
    """A database of one size, and a client of the admin service on it."""

    rows: int
    client: httpx.Client


RequestFactory = Callable[[Target, random.Random], httpx.Request]


@contextmanager
def serving(settings: Settings, rows: int) -> Iterator[Target]:
    """Start the admin service on a seeded database."""
    with PortReservations() as reservations:
        port = reservations.reserve()
        own = {"ADMIN_PORT": str(port), "REDIS_URL": "redis://127.0.0.1:1/0"}
        command = [sys.executable, "-m", "event_platform.cli", "admin"]
        process = subprocess.Popen(command, env=os.environ | environment_of(settings) | own)
        try:
            with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=30) as client:
                _wait_until_live(client)
                yield Target(rows, client)
        finally:
            process.terminate()
            process.wait()


def _wait_until_live(client: httpx.Client) -> None:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        try:
            client.get("/livez")
        except httpx.TransportError:
            time.sleep(0.1)
        else:
            return
    raise SystemExit("the admin service did not start")


def _lookup(names: str, choose_numbers: Callable[[Target, random.Random], list[int]]) -> RequestFactory:
    """Look up ``LOOKUP_SIZE`` request ids or keys."""

    def make_request(target: Target, rng: random.Random) -> httpx.Request:
        numbers = choose_numbers(target, rng)
        values = [f"key-{each}" if names == "idempotency_keys" else _request_id(target, each) for each in numbers]
        return target.client.build_request("POST", LOOKUP, json={"tenant": "tenant_0", names: values})

    return make_request


def _scattered(target: Target, rng: random.Random) -> list[int]:
    """Numbers of one tenant's events, from anywhere in the database."""
    return [_number(target, rng) for _ in range(LOOKUP_SIZE)]


def _consecutive(target: Target, rng: random.Random) -> list[int]:
    """Numbers of consecutive events of one tenant, as a producer looks up what it has just sent."""
    first = rng.randrange(target.rows // DAYS // TENANTS - LOOKUP_SIZE) * TENANTS
    return list(range(first, first + LOOKUP_SIZE * TENANTS, TENANTS))


def _request_id(target: Target, number: int) -> str:
    step, rest = divmod(number, target.rows // DAYS)
    today = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    at = today - timedelta(days=step) + timedelta(days=1) * rest / (target.rows // DAYS)
    return f"req_{uuid.UUID(f'{round(at.timestamp() * 1_000):012x}70008{number:015x}')}"


def _number(target: Target, rng: random.Random) -> int:
    return rng.randrange(target.rows // TENANTS) * TENANTS


def _get(path: str) -> RequestFactory:
    def make_request(target: Target, rng: random.Random) -> httpx.Request:
        return target.client.build_request("GET", path.format(number=_number(target, rng)))

    return make_request


REQUESTS: dict[str, RequestFactory] = {
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
    "lookup of 1,000 keys of today": _lookup("idempotency_keys", _consecutive),
    "lookup of 1,000 keys, scattered": _lookup("idempotency_keys", _scattered),
    "lookup of 1,000 request ids of today": _lookup("request_ids", _consecutive),
    "lookup of 1,000 request ids, scattered": _lookup("request_ids", _scattered),
}


def p99_ms(make_request: RequestFactory, target: Target, rng: random.Random, count: int) -> float:
    """99th percentile in milliseconds of ``count`` sequential requests, which are built beforehand."""
    seconds = []
    for request in [make_request(target, rng) for _ in range(count)]:
        started = time.perf_counter()
        response = target.client.send(request)
        seconds.append(time.perf_counter() - started)
        _check_response(response)
    return sorted(seconds)[int(count * 0.99) - 1] * 1_000


def _check_response(response: httpx.Response) -> None:
    response.raise_for_status()
    # The times in these ids can be rounded differently than in Postgres.
    if response.request.url.path == LOOKUP and (found := response.content.count(b'"stored"')) < LOOKUP_SIZE * 0.9:
        raise SystemExit(f"only {found} of {LOOKUP_SIZE} were found")


def compare(targets: list[Target], rounds: int, count: int) -> None:
    """Print a row per endpoint: the median p99 at each size, and the median ratio of the largest to the smallest."""
    rng = random.Random(1)  # noqa: S311 - not secret, and the same in each run
    print("| endpoint | " + " | ".join(f"p99 at {each.rows:,} rows, ms" for each in targets) + " | ratio (spread) |")
    print("|---|" + "---|" * (len(targets) + 1))
    for name, make_request in REQUESTS.items():
        for each in targets:
            p99_ms(make_request, each, rng, WARM_UP_REQUESTS)
        _print_row(name, [[p99_ms(make_request, each, rng, count) for each in targets] for _ in range(rounds)], ".1f")


def compare_storage_rate(servers: BenchServers, databases: list[tuple[Settings, int]], rounds: int) -> None:
    """Print a row for the rows per second that the processor's pipeline adds to each database."""
    found = []
    for number in range(rounds):
        values = messages(EVENTS_PER_RUN, seed=number)
        benches = [Bench(settings, servers, values, 0) for settings, _ in databases]
        found.append([_storage_rate(bench) for bench in benches])
    _print_row("rows stored a second", found, ",.0f")


def _storage_rate(bench: Bench) -> float:
    with psycopg.connect(url_of(bench.settings), autocommit=True) as connection:
        # The records belong to a topic that does not exist in Kafka, and start at its first offset in each run.
        connection.execute("DELETE FROM consumer_progress")
    return processor_rates.pipeline_alone(bench).rows


def _print_row(name: str, rounds: list[list[float]], form: str) -> None:
    medians = [statistics.median(column) for column in zip(*rounds, strict=True)]
    ratios = sorted(each[-1] / each[0] for each in rounds)
    ratio = f"{statistics.median(ratios):.2f} ({ratios[0]:.2f} to {ratios[-1]:.2f})"
    print(f"| {name} | " + " | ".join(format(each, form) for each in medians) + f" | {ratio} |", flush=True)


def main() -> None:
    """Seed the databases, and compare them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, nargs="+", default=[1_000_000, 10_000_000])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--requests", type=int, default=100)
    arguments = parser.parse_args()
    with running_servers() as servers:
        databases = [(new_platform(servers), rows) for rows in arguments.rows]
        for settings, rows in databases:
            started = time.monotonic()
            fill(url_of(settings), rows)
            print(f"filled {rows:,} rows in {time.monotonic() - started:.0f} s", flush=True)
        with ExitStack() as services:
            targets = [services.enter_context(serving(settings, rows)) for settings, rows in databases]
            compare(targets, arguments.rounds, arguments.requests)
        compare_storage_rate(servers, databases, arguments.rounds)


if __name__ == "__main__":
    main()
