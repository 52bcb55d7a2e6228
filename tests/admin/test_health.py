"""Health tells each part's state quickly, whatever the part does."""

import asyncio
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import httpx
import psycopg
import pytest
from tests.fixtures.proxy import MakeProxy
from tests.fixtures.servers import RunningServers
from tests.fixtures.services import RunService

from event_platform.admin.health import Finding, HealthProber, Name, Status, examine, overall
from event_platform.admin.responses import Dependency
from event_platform.core.errors import UnavailableError

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

    async def stubborn() -> None:
        end = time.monotonic() + 1.5
        while time.monotonic() < end:
            with suppress(asyncio.CancelledError):
                await asyncio.sleep(1.5)

    async def timed() -> tuple[Finding, float]:
        started = time.monotonic()
        return await examine(stubborn, deadline_seconds=0.05), time.monotonic() - started

    found, seconds = asyncio.run(timed())
    assert (found.status, found.error) == ("down", "no answer within 0.05 s")
    assert seconds < 1


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


def _health(url: str) -> tuple[dict[str, Any], float]:
    started = time.monotonic()
    answer = httpx.get(f"{url}/admin/health", timeout=10)
    assert answer.status_code == 200
    body: dict[str, Any] = answer.json()
    return {each["name"]: each for each in body["dependencies"]} | {
        "overall": body["status"]
    }, time.monotonic() - started


def _wait_for(url: str, name: str, status: str) -> dict[str, Any]:
    deadline = time.monotonic() + 20
    while (found := _health(url)[0])[name]["status"] != status:
        assert time.monotonic() < deadline, found
        time.sleep(0.2)
    return found


@pytest.mark.parametrize("name", ["postgres", "redis", "kafka"])
def test_a_server_that_hangs_is_told_within_the_deadline_and_heals(
    name: str, servers: RunningServers, run_service: RunService
) -> None:
    """SIGSTOP: connections stay, answers stop. The others are as they were, and it heals alone."""
    admin = run_service("admin")
    _wait_for(admin.url, name, "ok")
    servers.pause(name)
    found = _wait_for(admin.url, name, "down")
    assert found[name]["error"]
    assert _health(admin.url)[1] < 3
    assert {each for each in ("postgres", "redis", "kafka") if found[each]["status"] == "ok"} == {
        "postgres",
        "redis",
        "kafka",
    } - {name}
    servers.resume(name)
    healed = _wait_for(admin.url, name, "ok")
    assert healed[name]["since"] > found[name]["since"]


def test_it_starts_with_everything_away(run_service: RunService) -> None:
    """And says so; health and lag answer, what is read from Postgres is 503."""
    nowhere = {"KAFKA_BROKERS": "127.0.0.1:1", "REDIS_URL": "redis://127.0.0.1:1/0"}
    url = "postgresql://nobody@127.0.0.1:1/nothing"
    admin = run_service("admin", **nowhere, DATABASE_URL=url, ADMIN_DATABASE_URL=url)
    found, seconds = _health(admin.url)
    assert {found[name]["status"] for name in NAMES} == {"down"}
    assert found["overall"] == "down"
    assert "refused" in found["postgres"]["error"]
    assert seconds < 3
    lag = httpx.get(f"{admin.url}/admin/kafka/lag", timeout=10).json()
    assert (lag["total"], lag["partitions"]) == (None, [])
    assert lag["error"]
    answer = httpx.get(f"{admin.url}/admin/overview", timeout=10)
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "1")


def test_an_older_schema_is_told(run_service: RunService, environment: dict[str, str]) -> None:
    """Where a migration is missing, Postgres counts as down with what is not there."""
    admin = run_service("admin")
    _wait_for(admin.url, "postgres", "ok")
    with psycopg.connect(environment["DATABASE_URL"], autocommit=True) as connection:
        connection.execute("ALTER TABLE event_counts_daily RENAME TO not_yet")
        try:
            found = _wait_for(admin.url, "postgres", "down")
        finally:
            connection.execute("ALTER TABLE not_yet RENAME TO event_counts_daily")
    assert "event_counts_daily" in found["postgres"]["error"]
    _wait_for(admin.url, "postgres", "ok")


def test_postgres_behind_a_cut_connection(
    proxy: MakeProxy, run_service: RunService, environment: dict[str, str]
) -> None:
    """Connections that died unnoticed in the pool cost nobody an answer after it healed."""
    url = httpx.URL(environment["ADMIN_DATABASE_URL"])
    between = proxy("127.0.0.1", url.port or 5432)
    admin = run_service("admin", ADMIN_DATABASE_URL=str(url.copy_with(port=between.port)))
    assert httpx.get(f"{admin.url}/admin/overview", timeout=10).status_code == 200
    between.cut()
    assert httpx.get(f"{admin.url}/admin/overview", timeout=10).status_code == 503
    between.heal()
    assert httpx.get(f"{admin.url}/admin/overview", timeout=10).status_code == 200


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
    run_service: RunService, environment: dict[str, str], status: int, body: bytes, expected: tuple[str, str | None]
) -> None:
    """Ingest's and the processor's own health decides, with their own words."""
    handler = type("Told", (_Told,), {"status": status, "body": body})
    with ThreadingHTTPServer(("127.0.0.1", int(environment["PROCESSOR_PORT"])), handler) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        admin = run_service("admin")
        found = _health(admin.url)[0]["processor"]
        server.shutdown()
    assert found["status"] == expected[0]
    assert expected[1] is None or found["error"] == expected[1]
