"""Health tells each part's state quickly, whatever the part does."""

import asyncio
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import psycopg
import pytest
from tests.fixtures.proxy import MakeProxy
from tests.fixtures.redis_servers import MakeRedis
from tests.fixtures.servers import RunningServers
from tests.fixtures.services import RunService, Service
from tests.fixtures.timing import Promised
from tests.fixtures.waiting import DEADLINE_SECONDS, eventually

from event_platform.admin.health import probes
from event_platform.admin.health.prober import Finding, HealthProber, Name, Status, examine, overall
from event_platform.admin.responses import Dependency
from event_platform.core.errors import UnavailableError
from event_platform.core.settings.loading import load

NAMES: list[Name] = ["postgres", "redis", "kafka", "ingest", "processor"]
REDIS: frozenset[Name] = frozenset({"redis"})


def _dependencies(**states: Status) -> list[Dependency]:
    now = datetime.now(UTC)
    return [Dependency(name=n, status=states.get(n, "ok"), latency_ms=None, error=None, since=now) for n in NAMES]


@pytest.mark.parametrize("name", ["postgres", "kafka", "ingest", "processor"])
def test_down_when_events_cannot_be_accepted_or_stored(name: str) -> None:
    """Each of these is needed for it."""
    states: dict[str, Status] = {name: "down"}
    assert overall(_dependencies(**states), REDIS) == "down"


@pytest.mark.parametrize("name", NAMES)
def test_degraded_when_a_part_is_impaired(name: str) -> None:
    """Whichever it is."""
    states: dict[str, Status] = {name: "degraded"}
    assert overall(_dependencies(**states), REDIS) == "degraded"


def test_redis_counts_as_the_settings_say() -> None:
    """Where events are accepted without it, the platform is impaired, else it is down."""
    assert overall(_dependencies(redis="down"), REDIS) == "degraded"
    assert overall(_dependencies(redis="down"), frozenset()) == "down"
    assert overall(_dependencies(), frozenset()) == "ok"


def test_a_probe_that_hangs_is_a_finding_by_the_deadline() -> None:
    """Also one that refuses to be cancelled."""

    async def examined() -> Finding:
        may_end = asyncio.Event()

        async def stubborn() -> None:
            while not may_end.is_set():
                with suppress(asyncio.CancelledError):
                    await may_end.wait()

        examining = asyncio.create_task(examine(stubborn, deadline_seconds=0.05))
        await asyncio.wait([examining], timeout=DEADLINE_SECONDS)
        has_ended = examining.done()
        may_end.set()
        assert has_ended, "it waited for the probe"
        return await examining

    found = asyncio.run(examined())
    assert (found.status, found.error) == ("down", "no answer within 0.05 s")


def test_since_tells_the_last_change() -> None:
    """It stays while the status stays."""
    answers: Iterator[str | None] = iter([None, None, "impaired", "impaired still"])

    async def probe() -> str | None:
        return next(answers)

    async def observe() -> list[Dependency]:
        return [(await prober.probe_all()).dependencies[0] for _ in range(4)]

    prober = HealthProber({"kafka": probe}, frozenset())
    first, second, third, fourth = asyncio.run(observe())
    assert first.since == second.since < third.since == fourth.since
    assert (third.status, third.error, fourth.error) == ("degraded", "impaired", "impaired still")


def test_a_defect_of_one_probe_hides_no_other(expect_errors: Callable[[str], None]) -> None:
    """It is logged, and that part counts as down."""
    expect_errors("a health probe failed")

    async def broken() -> str | None:
        raise ZeroDivisionError

    async def away() -> str | None:
        raise UnavailableError("PING: refused")

    health = asyncio.run(HealthProber({"redis": broken, "kafka": away}, frozenset()).probe())
    assert [each.error for each in health.dependencies] == ["ZeroDivisionError: ", "PING: refused"]


def _health(admin: Service) -> dict[str, Any]:
    answer = admin.get("/admin/health")
    assert answer.status_code == 200
    body: dict[str, Any] = answer.json()
    return {each["name"]: each for each in body["dependencies"]} | {"overall": body["status"]}


def _await(admin: Service, **statuses: str) -> dict[str, Any]:
    """The first health in which these dependencies have these statuses."""

    def found() -> dict[str, Any] | None:
        told = _health(admin)
        return told if all(told[name]["status"] == status for name, status in statuses.items()) else None

    return eventually(found, f"health with {statuses}")


SERVERS = ("postgres", "redis", "kafka")


@pytest.mark.parametrize("name", SERVERS)
def test_a_server_that_hangs_is_told_and_heals(name: str, servers: RunningServers, run_service: RunService) -> None:
    """SIGSTOP: connections stay, answers stop. The others are as they were, and it heals alone."""
    admin = run_service("admin")
    _await(admin, **{name: "ok"})
    servers.pause(name)
    others = {each: "ok" for each in SERVERS if each != name}
    found = _await(admin, **{name: "down"}, **others)
    assert found[name]["error"]
    servers.resume(name)
    healed = _await(admin, **{name: "ok"}, **others)
    assert healed[name]["since"] > found[name]["since"]


def test_a_redis_that_serves_no_events_is_told(make_redis: MakeRedis) -> None:
    """A replica answers a ping as well as its primary does."""
    server = make_redis()
    settings = load(_env_file=None, redis_url=server.url)
    assert asyncio.run(probes.redis_server(settings)) is None
    server.ask("REPLICAOF", "127.0.0.1", 9)
    assert "replica" in (asyncio.run(probes.redis_server(settings)) or "")


NOBODY = "postgresql://nobody@127.0.0.1:1/nothing"
NOWHERE = {
    "KAFKA_BROKERS": "127.0.0.1:1",
    "REDIS_URL": "redis://127.0.0.1:1/0",
    "DATABASE_URL": NOBODY,
    "ADMIN_DATABASE_URL": NOBODY,
}


def test_it_starts_with_everything_away(run_service: RunService) -> None:
    """And says so; health and lag answer, what is read from Postgres is 503."""
    admin = run_service("admin", **NOWHERE)
    found = _health(admin)
    assert {found[name]["status"] for name in NAMES} == {"down"}
    assert found["overall"] == "down"
    eventually(lambda: "refused" in _health(admin)["postgres"]["error"], "why Postgres is down")
    lag = admin.get("/admin/kafka/lag").json()
    assert (lag["total"], lag["partitions"]) == (None, [])
    assert lag["error"]
    answer = admin.get("/admin/overview")
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "1")


@pytest.mark.timing
@pytest.mark.parametrize("hanging", [(), *[(name,) for name in SERVERS], SERVERS])
def test_health_is_told_within_three_seconds(
    hanging: tuple[str, ...], servers: RunningServers, run_service: RunService, promised: Promised
) -> None:
    """Whatever hangs, or with everything away."""
    admin = run_service("admin", **({} if hanging else NOWHERE))
    for name in hanging:
        _await(admin, **{name: "ok"})
    for name in hanging:
        servers.pause(name)

    def slowest_seconds() -> float:
        measured: list[float] = []

        def is_told() -> bool:
            started = time.monotonic()
            found = _health(admin)
            measured.append(time.monotonic() - started)
            return all(found[name]["status"] == "down" for name in hanging or SERVERS)

        eventually(is_told, "health with what hangs")
        return max(measured)

    promised.within(3, slowest_seconds)


def test_an_older_schema_is_told(run_service: RunService, environment: dict[str, str]) -> None:
    """Where a migration is missing, Postgres counts as down with what is not there."""
    admin = run_service("admin")
    _await(admin, postgres="ok")
    with psycopg.connect(environment["DATABASE_URL"], autocommit=True) as connection:
        connection.execute("ALTER TABLE event_counts_daily RENAME TO not_yet")
        try:
            eventually(lambda: "event_counts_daily" in str(_health(admin)["postgres"]["error"]), "the missing table")
            _await(admin, postgres="down")
        finally:
            connection.execute("ALTER TABLE not_yet RENAME TO event_counts_daily")
    _await(admin, postgres="ok")


def test_postgres_behind_a_cut_connection(
    proxy: MakeProxy, run_service: RunService, environment: dict[str, str]
) -> None:
    """Connections that died unnoticed in the pool cost nobody an answer after it healed."""
    between = proxy(environment["ADMIN_DATABASE_URL"])
    admin = run_service("admin", ADMIN_DATABASE_URL=between.url)
    assert admin.get("/admin/overview").status_code == 200
    between.cut()
    assert admin.get("/admin/overview").status_code == 503
    between.heal()
    assert admin.get("/admin/overview").status_code == 200


class _Told(BaseHTTPRequestHandler):
    """A service's health endpoint that says what it is told to say."""

    status, body = 200, b"{}"

    def do_GET(self) -> None:
        self.send_response(self.status)
        self.end_headers()
        self.wfile.write(self.body)

    def log_message(self, *_: object) -> None:
        """Nothing to log."""


@pytest.mark.parametrize(
    ("status", "body", "expected"),
    [
        (200, b'{"status":"ok","dependencies":[]}', ("ok", None)),
        (
            200,
            b'{"status":"degraded","dependencies":[{"name":"redis","status":"down","error":"refused"}]}',
            ("degraded", "redis: refused"),
        ),
        (503, b'{"status":"down","dependencies":[{"name":"kafka","error":"gone"}]}', ("down", "kafka: gone")),
        (200, b'{"status":"degraded","error":"dead letters, 150 of 200"}', ("degraded", "dead letters, 150 of 200")),
        (503, b"<html>", ("down", None)),
        (200, b"[1]", ("ok", None)),
    ],
)
def test_services_tell_for_themselves(
    run_service: RunService, status: int, body: bytes, expected: tuple[str, str | None]
) -> None:
    """Ingest's and the processor's own health decides, with their own words."""
    handler = type("Told", (_Told,), {"status": status, "body": body})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        admin = run_service("admin", PROCESSOR_PORT=server.server_port)
        eventually(lambda: _processor_as_told(admin, expected), f"the processor to be {expected}")
        server.shutdown()


def _processor_as_told(admin: Service, expected: tuple[str, str | None]) -> bool:
    """Status and words of one answer: where a busy machine is too slow for a probe, others stand there."""
    found = _health(admin)["processor"]
    return found["status"] == expected[0] and expected[1] in {None, found["error"]}
