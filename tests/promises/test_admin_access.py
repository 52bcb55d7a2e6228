"""P9: no administrative endpoint answers without permission or to a page of another origin."""

import json
from pathlib import Path

import httpx
import psutil
import pytest
from tests.fixtures.services import RunService, Service
from tests.fixtures.waiting import DEADLINE_SECONDS, eventually

TOKEN = "correct-horse"

DATA = [
    ("GET", "/admin/overview"),
    ("GET", "/admin/top-event-types"),
    ("GET", "/admin/series"),
    ("GET", "/admin/event/search?tenant=a&eventId=b"),
    ("GET", "/admin/event/by-idempotency?tenant=a&idempotencyKey=b"),
    ("GET", "/admin/dlq/sample"),
    ("GET", "/admin/health"),
    ("GET", "/admin/kafka/lag"),
    ("GET", "/metrics"),
    ("POST", "/admin/events/lookup"),
]
LOOKUP = b'{"tenant":"a","request_ids":["b"]}'
JSON = {"Content-Type": "application/json"}


@pytest.fixture(scope="module")
def guarded(run_service_for_module: RunService) -> Service:
    """The service with tokens."""
    return run_service_for_module("admin", ADMIN_TOKENS=f"ops:{TOKEN},ci:other", ADMIN_HOSTS="ops.example")


@pytest.fixture(scope="module")
def local(run_service_for_module: RunService) -> Service:
    """The service on loopback, without tokens."""
    return run_service_for_module("admin")


def _ask(service: Service, method: str, path: str, **headers: str) -> httpx.Response:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    content = LOOKUP if method == "POST" else None

    def answer() -> httpx.Response | None:
        found = httpx.request(
            method, f"{service.url}{path}", headers={**JSON, **named}, content=content, timeout=DEADLINE_SECONDS
        )
        # On a busy machine the servers may be too slow for the request.
        return found if found.status_code != 503 else None

    return eventually(answer, "another answer than 503")


def test_every_path_is_tried() -> None:
    """The tests below try every path of the OpenAPI document."""
    document = json.loads(Path("dashboard/src/api/admin-openapi.json").read_text())
    documented = {(method.upper(), path) for path, methods in document["paths"].items() for method in methods}
    assert documented == {(method, path.partition("?")[0]) for method, path in DATA} - {("GET", "/metrics")}


@pytest.mark.parametrize(("method", "path"), DATA)
def test_data_needs_a_token(guarded: Service, method: str, path: str) -> None:
    """Without a token or with a wrong one: 401 and nothing else; with each right one: a response."""
    for headers in ({}, {"Authorization": "Bearer wrong"}, {"Authorization": f"Basic {TOKEN}"}):
        answer = _ask(guarded, method, path, **headers)
        assert (answer.status_code, answer.json()["error"]["code"]) == (401, "UNAUTHORIZED")
        assert answer.headers["WWW-Authenticate"] == "Bearer"
        assert TOKEN not in answer.text
    for token in (TOKEN, "other"):
        assert _ask(guarded, method, path, Authorization=f"Bearer {token}").status_code == 200


@pytest.mark.parametrize("name", ["evil.example", "127.0.0.1.evil.example", "evil.example:8081"])
@pytest.mark.parametrize(("method", "path"), [*DATA, ("GET", "/"), ("GET", "/openapi.json")])
def test_another_host_name_is_refused(local: Service, name: str, method: str, path: str) -> None:
    """A site whose name resolves to this address (DNS rebinding) is refused, whatever it requests."""
    answer = _ask(local, method, path, Host=name)
    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "HOST_NOT_ALLOWED")


def test_configured_host_is_allowed(guarded: Service, local: Service) -> None:
    """ADMIN_HOSTS allows the name of a proxy."""
    headers = {"Host": "ops.example", "Authorization": f"Bearer {TOKEN}"}
    assert _ask(guarded, "GET", "/admin/overview", **headers).status_code == 200
    assert _ask(local, "GET", "/admin/overview", **headers).status_code == 403


@pytest.fixture(scope="module")
def developed(run_service_for_module: RunService) -> Service:
    """The service with tokens and a development server of the dashboard."""
    return run_service_for_module("admin", ADMIN_TOKENS=f"ops:{TOKEN}", ADMIN_DEV_ORIGINS="http://localhost:5173")


@pytest.mark.parametrize(
    "origin",
    ["http://evil.example", "http://localhost:3000", "null", "http://localhost:5173", "http://127.0.0.1:5173"],
)
@pytest.mark.parametrize(("method", "path"), DATA)
def test_other_origins_are_refused(local: Service, origin: str, method: str, path: str) -> None:
    """A page of another origin neither reads a response nor causes work, and no preflight permits it."""
    answer = _ask(local, method, path, Origin=origin)
    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "FOREIGN_ORIGIN")
    preflight = _ask(local, "OPTIONS", path, Origin=origin, Access_Control_Request_Method=method)
    assert preflight.status_code == 403
    for each in (answer, preflight):
        assert "access-control-allow-origin" not in each.headers


@pytest.mark.parametrize("origin", ["http://localhost:5173", "HTTP://LOCALHOST:5173", "http://127.0.0.1:5173"])
def test_a_token_does_not_admit_another_origin(guarded: Service, origin: str) -> None:
    """By default no page of another origin is allowed, whatever it sends."""
    for method, path in DATA:
        answer = _ask(guarded, method, path, Origin=origin, Authorization=f"Bearer {TOKEN}")
        assert (answer.status_code, answer.json()["error"]["code"]) == (403, "FOREIGN_ORIGIN")
        assert "access-control-allow-origin" not in answer.headers


def test_configured_development_server_is_allowed(developed: Service) -> None:
    """The origin in ADMIN_DEV_ORIGINS may send the token, and read the 401 without one; no other may."""
    origin = "http://localhost:5173"
    preflight = _ask(
        developed,
        "OPTIONS",
        "/admin/events/lookup",
        Origin=origin,
        Access_Control_Request_Method="POST",
        Access_Control_Request_Headers="authorization,content-type",
    )
    assert preflight.status_code == 200
    assert _ask(developed, "GET", "/admin/overview", Origin=origin).headers["access-control-allow-origin"] == origin
    assert _ask(developed, "GET", "/admin/overview", Origin="http://127.0.0.1:5173").status_code == 403


@pytest.mark.parametrize("content_type", ["", "text/plain", "application/x-www-form-urlencoded", "multipart/form-data"])
def test_a_form_changes_nothing(local: Service, content_type: str) -> None:
    """Content types that any page may send without a preflight are refused."""
    answer = _ask(local, "POST", "/admin/events/lookup", Content_Type=content_type)
    assert (answer.status_code, answer.json()["error"]["code"]) == (415, "UNSUPPORTED_MEDIA_TYPE")


def test_beyond_loopback_it_does_not_start_without_tokens(run_service: RunService) -> None:
    """The error names the missing setting."""
    service = run_service("admin", ADMIN_HOST="0.0.0.0", wait_until_ready=False)  # noqa: S104 - the point of the test
    assert service.wait_until_ended() == 1
    assert "ADMIN_TOKENS must be given" in service.log()


def test_by_default_only_this_machine_reaches_it(environment: dict[str, str], local: Service) -> None:
    """It listens on no address but loopback."""
    assert "ADMIN_HOST" not in environment
    connections = psutil.Process(local.pid).net_connections("tcp")
    assert {each.laddr.ip for each in connections if each.status == psutil.CONN_LISTEN} == {"127.0.0.1"}


def test_no_token_in_logs(guarded: Service) -> None:
    """Neither a valid one nor one that was tried."""
    _ask(guarded, "GET", "/admin/overview", Authorization="Bearer tried-in-vain")
    assert TOKEN not in guarded.log()
    assert "tried-in-vain" not in guarded.log()


def test_security_headers(guarded: Service) -> None:
    """Data, pages and refusals forbid sniffing, framing and caching."""
    for path in ("/", "/docs", "/admin/overview", "/nowhere"):
        headers = _ask(guarded, "GET", path).headers
        assert headers["x-content-type-options"] == "nosniff"
        assert "frame-ancestors 'none'" in headers["content-security-policy"]
        assert "script-src 'unsafe" not in headers["content-security-policy"]
        assert headers["cache-control"] in {"no-store", "no-cache"}
