"""Endpoints of the admin API, and the rate of storing, at several sizes of the store, and their ratios.

All stores lie in one Postgres and are asked in turn, so that a ratio does not hang on the machine's mood. The rows are
small. ``docs/benchmarks/admin.md`` keeps the table.
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
from bench.processor_setting import environment_of, messages, new_platform, own_servers, url_of
from tests.fixtures.servers import RunningServers

from event_platform.core.settings.declaration import Settings
from event_platform.local.servers.ports import PortReservations

WARM_UP = 30
MOST = 1_000
"""Ids or keys of one lookup."""
LOOKUP = "/admin/events/lookup"
STORED_AT_ONCE = 50_000


@dataclass(frozen=True)
class Filled:
    """A store of one size, and the service in front of it."""

    rows: int
    client: httpx.Client


Question = Callable[[Filled, random.Random], httpx.Request]


@contextmanager
def serving(settings: Settings, rows: int) -> Iterator[Filled]:
    """The admin service in front of a filled store."""
    with PortReservations() as reservations:
        port = reservations.reserve()
        own = {"ADMIN_PORT": str(port), "REDIS_URL": "redis://127.0.0.1:1/0"}
        command = [sys.executable, "-m", "event_platform.cli", "admin"]
        process = subprocess.Popen(command, env=os.environ | environment_of(settings) | own)
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


def _lookup(names: str, numbers_of: Callable[[Filled, random.Random], list[int]]) -> Question:
    """What became of ``MOST`` request ids or keys."""

    def ask(filled: Filled, chance: random.Random) -> httpx.Request:
        numbers = numbers_of(filled, chance)
        wanted = [f"key-{each}" if names == "idempotency_keys" else _request_id(filled, each) for each in numbers]
        return filled.client.build_request("POST", LOOKUP, json={"tenant": "tenant_0", names: wanted})

    return ask


def _scattered(filled: Filled, chance: random.Random) -> list[int]:
    """Events of a tenant from anywhere in the store."""
    return [_number(filled, chance) for _ in range(MOST)]


def _of_today(filled: Filled, chance: random.Random) -> list[int]:
    """Events of a tenant that came one after the other, as somebody asks who has just sent them."""
    first = chance.randrange(filled.rows // DAYS // TENANTS - MOST) * TENANTS
    return list(range(first, first + MOST * TENANTS, TENANTS))


def _request_id(filled: Filled, number: int) -> str:
    step, rest = divmod(number, filled.rows // DAYS)
    today = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    at = today - timedelta(days=step) + timedelta(days=1) * rest / (filled.rows // DAYS)
    return f"req_{uuid.UUID(f'{round(at.timestamp() * 1_000):012x}70008{number:015x}')}"


def _number(filled: Filled, chance: random.Random) -> int:
    return chance.randrange(filled.rows // TENANTS) * TENANTS


def _get(path: str) -> Question:
    def ask(filled: Filled, chance: random.Random) -> httpx.Request:
        return filled.client.build_request("GET", path.format(number=_number(filled, chance)))

    return ask


QUESTIONS: dict[str, Question] = {
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
    "lookup of 1,000 keys of today": _lookup("idempotency_keys", _of_today),
    "lookup of 1,000 keys, scattered": _lookup("idempotency_keys", _scattered),
    "lookup of 1,000 request ids of today": _lookup("request_ids", _of_today),
    "lookup of 1,000 request ids, scattered": _lookup("request_ids", _scattered),
}


def p99_ms(ask: Question, filled: Filled, chance: random.Random, count: int) -> float:
    """The 99th percentile of ``count`` answers, one after the other, in milliseconds; what is asked was made before."""
    seconds = []
    for request in [ask(filled, chance) for _ in range(count)]:
        started = time.perf_counter()
        answer = filled.client.send(request)
        seconds.append(time.perf_counter() - started)
        _check(answer)
    return sorted(seconds)[int(count * 0.99) - 1] * 1_000


def _check(answer: httpx.Response) -> None:
    answer.raise_for_status()
    # The milliseconds of ids made up here may be rounded otherwise than Postgres did.
    if answer.request.url.path == LOOKUP and (found := answer.content.count(b'"stored"')) < MOST * 0.9:
        raise SystemExit(f"only {found} of {MOST} were found")


def compare(stores: list[Filled], rounds: int, count: int) -> None:
    """Print a line for each question: median p99 of the rounds at each size, and the median of the largest's ratios."""
    chance = random.Random(1)  # noqa: S311 - not secret, and the same in each run
    print("| endpoint | " + " | ".join(f"p99 at {each.rows:,} rows, ms" for each in stores) + " | ratio (spread) |")
    print("|---|" + "---|" * (len(stores) + 1))
    for name, ask in QUESTIONS.items():
        for each in stores:
            p99_ms(ask, each, chance, WARM_UP)
        _tell(name, [[p99_ms(ask, each, chance, count) for each in stores] for _ in range(rounds)], ".1f")


def compare_storing(servers: RunningServers, stores: list[tuple[Settings, int]], rounds: int) -> None:
    """Print a line for the rows a second that the processor's pipeline stores beside what is there already."""
    found = []
    for number in range(rounds):
        values = messages(STORED_AT_ONCE, seed=number)
        benches = [Bench(settings, servers, values, 0) for settings, _ in stores]
        found.append([_rate_of_storing(bench) for bench in benches])
    _tell("rows stored a second", found, ",.0f")


def _rate_of_storing(bench: Bench) -> float:
    with psycopg.connect(url_of(bench.settings), autocommit=True) as connection:
        # The messages are those of a topic that exists in Postgres only, and begin at its first offset each time.
        connection.execute("DELETE FROM consumer_progress")
    return processor_rates.pipeline_alone(bench).rows


def _tell(name: str, rounds: list[list[float]], form: str) -> None:
    medians = [statistics.median(column) for column in zip(*rounds, strict=True)]
    ratios = sorted(each[-1] / each[0] for each in rounds)
    shown = f"{statistics.median(ratios):.2f} ({ratios[0]:.2f} to {ratios[-1]:.2f})"
    print(f"| {name} | " + " | ".join(format(each, form) for each in medians) + f" | {shown} |", flush=True)


def main() -> None:
    """Fill the stores, and compare."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, nargs="+", default=[1_000_000, 10_000_000])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--requests", type=int, default=100)
    wanted = parser.parse_args()
    with own_servers() as servers:
        stores = [(new_platform(servers), rows) for rows in wanted.rows]
        for settings, rows in stores:
            started = time.monotonic()
            fill(url_of(settings), rows)
            print(f"filled {rows:,} rows in {time.monotonic() - started:.0f} s", flush=True)
        with ExitStack() as services:
            served = [services.enter_context(serving(settings, rows)) for settings, rows in stores]
            compare(served, wanted.rounds, wanted.requests)
        compare_storing(servers, stores, wanted.rounds)


if __name__ == "__main__":
    main()
