"""The platform's health with real servers and services, in any state."""

import asyncio
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import psycopg
import pytest
from tests.fixtures.redis_servers import MakeRedis
from tests.fixtures.servers import RunningServers
from tests.fixtures.services import RunService, Service
from tests.fixtures.timing import Promised
from tests.fixtures.waiting import eventually

from event_platform.admin.health import probes
from event_platform.admin.responses.health import DependencyName
from event_platform.core.settings.loading import load

NAMES: list[DependencyName] = ["postgres", "redis", "kafka", "ingest", "processor"]
SERVERS = ("postgres", "redis", "kafka")

UNREACHABLE_DATABASE = "postgresql://nobody@127.0.0.1:1/nothing"
UNREACHABLE = {
    "KAFKA_BROKERS": "127.0.0.1:1",
    "REDIS_URL": "redis://127.0.0.1:1/0",
    "DATABASE_URL": UNREACHABLE_DATABASE,
    "ADMIN_DATABASE_URL": UNREACHABLE_DATABASE,
}


def _health(admin: Service) -> dict[str, Any]:
    response = admin.get("/admin/health")
    assert response.status_code == 200
    body: dict[str, Any] = response.json()
    return {each["name"]: each for each in body["dependencies"]} | {"overall": body["status"]}


def _wait_for(admin: Service, **statuses: str) -> dict[str, Any]:
    """The first health in which these dependencies have these statuses."""

    def found() -> dict[str, Any] | None:
        health = _health(admin)
        return health if all(health[name]["status"] == status for name, status in statuses.items()) else None

    return eventually(found, f"health with {statuses}")


@pytest.mark.parametrize("name", SERVERS)
def test_a_stuck_server_is_down_until_it_recovers(name: str, servers: RunningServers, run_service: RunService) -> None:
    """SIGSTOP keeps connections open without answers; the other dependencies stay ok, and recovery is automatic."""
    admin = run_service("admin")
    _wait_for(admin, **{name: "ok"})
    servers.pause(name)
    others = {each: "ok" for each in SERVERS if each != name}
    found = _wait_for(admin, **{name: "down"}, **others)
    assert found[name]["error"]
    servers.resume(name)
    recovered = _wait_for(admin, **{name: "ok"}, **others)
    assert recovered[name]["since"] > found[name]["since"]


def test_a_redis_replica_is_degraded(make_redis: MakeRedis) -> None:
    """A replica answers PING as well as its primary does."""
    server = make_redis()
    settings = load(_env_file=None, redis_url=server.url)
    assert asyncio.run(probes.probe_redis(settings)) is None
    server.ask("REPLICAOF", "127.0.0.1", 9)
    assert "replica" in (asyncio.run(probes.probe_redis(settings)) or "")


def test_it_starts_with_every_dependency_down(run_service: RunService) -> None:
    """Health and lag report it with status 200, and reads from Postgres answer 503."""
    admin = run_service("admin", **UNREACHABLE)
    found = _health(admin)
    assert {found[name]["status"] for name in NAMES} == {"down"}
    assert found["overall"] == "down"
    eventually(lambda: "refused" in _health(admin)["postgres"]["error"], "why Postgres is down")
    lag = admin.get("/admin/kafka/lag").json()
    assert (lag["total"], lag["partitions"]) == (None, [])
    assert lag["error"]
    response = admin.get("/admin/overview")
    assert (response.status_code, response.headers["Retry-After"]) == (503, "1")


@pytest.mark.timing
@pytest.mark.parametrize("stuck", [(), *[(name,) for name in SERVERS], SERVERS])
def test_health_is_answered_within_three_seconds(
    stuck: tuple[str, ...], servers: RunningServers, run_service: RunService, promised: Promised
) -> None:
    """Whatever is stuck, or with every dependency down."""
    admin = run_service("admin", **({} if stuck else UNREACHABLE))
    for name in stuck:
        _wait_for(admin, **{name: "ok"})
    for name in stuck:
        servers.pause(name)

    def slowest_seconds() -> float:
        measured: list[float] = []

        def has_noticed() -> bool:
            started = time.monotonic()
            found = _health(admin)
            measured.append(time.monotonic() - started)
            return all(found[name]["status"] == "down" for name in stuck or SERVERS)

        eventually(has_noticed, "health with what is stuck")
        return max(measured)

    promised.within(3, slowest_seconds)


def test_an_older_schema_is_down(run_service: RunService, environment: dict[str, str]) -> None:
    """If a migration is missing, Postgres is down with the name of the missing table."""
    admin = run_service("admin")
    _wait_for(admin, postgres="ok")
    with psycopg.connect(environment["DATABASE_URL"], autocommit=True) as connection:
        connection.execute("ALTER TABLE event_counts_daily RENAME TO not_yet")
        try:
            eventually(lambda: "event_counts_daily" in str(_health(admin)["postgres"]["error"]), "the missing table")
            _wait_for(admin, postgres="down")
        finally:
            connection.execute("ALTER TABLE not_yet RENAME TO event_counts_daily")
    _wait_for(admin, postgres="ok")


class _HealthEndpoint(BaseHTTPRequestHandler):
    """A service's health endpoint with a scripted response."""

    status, body = 200, b"{}"

    def do_GET(self) -> None:
        self.send_response(self.status)
        self.end_headers()
        self.wfile.write(self.body)

    def log_message(self, *_: object) -> None:
        """Log nothing."""


@pytest.mark.parametrize(
    ("status", "body", "expected"),
    [
        (200, b'{"status":"ok","dependencies":[]}', ("ok", None)),
        (
            200,
            b'{"status":"degraded","dependencies":[{"name":"redis","status":"down","error":"refused"}]}',
            ("degraded", "redis: refused"),
        ),
        (503, b'{"status":"down","dependencies":[{"name":"kafka","error":"refused"}]}', ("down", "kafka: refused")),
        (200, b'{"status":"degraded","error":"dead letters, 150 of 200"}', ("degraded", "dead letters, 150 of 200")),
        (503, b"<html>", ("down", None)),
        (200, b"[1]", ("ok", None)),
    ],
)
def test_services_report_their_own_health(
    run_service: RunService, status: int, body: bytes, expected: tuple[str, str | None]
) -> None:
    """Status and error come from the health of ingest and the processor themselves."""
    handler = type("HealthEndpoint", (_HealthEndpoint,), {"status": status, "body": body})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        admin = run_service("admin", PROCESSOR_PORT=server.server_port)
        eventually(lambda: _processor_reports(admin, expected), f"the processor to be {expected}")
        server.shutdown()


def _processor_reports(admin: Service, expected: tuple[str, str | None]) -> bool:
    """Whether status and error match in one response; on a busy machine a probe can time out instead."""
    found = _health(admin)["processor"]
    return found["status"] == expected[0] and expected[1] in {None, found["error"]}
