"""The process of the admin API: how it starts, and how it ends."""

import socket

import httpx
import pytest
from tests.fixtures.services import RunService, Service
from tests.fixtures.waiting import DEADLINE_SECONDS


def test_a_taken_port_stops_the_start(run_service: RunService) -> None:
    """It ends at once and names the setting that moves it."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        admin = run_service("admin", wait_until_ready=False, ADMIN_PORT=port)
        assert admin.wait_until_ended() == 1
    assert f"ADMIN_PORT={port}" in admin.log()
    assert "set ADMIN_PORT to a free port" in admin.log()


def test_sigterm_ends_it_cleanly(run_service: RunService) -> None:
    """With exit status 0, as the other services do."""
    admin = run_service("admin")
    assert admin.stop() == 0


@pytest.mark.parametrize(
    "path", ["/admin/kafka/lag", "/admin/overview", "/health", "/metrics", "/openapi.json", "/docs"]
)
def test_head_is_answered_as_get_without_the_body(admin: Service, path: str) -> None:
    """Monitors ask like that; and the connection can be used again, because nothing is left in it."""
    with httpx.Client(base_url=admin.url, timeout=DEADLINE_SECONDS) as client:
        head, get = client.head(path), client.get(path)
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers.keys() == get.headers.keys()


def test_head_is_refused_where_get_is(admin: Service) -> None:
    """It is no way round what only POST does."""
    refused = httpx.head(f"{admin.url}/admin/events/lookup", timeout=DEADLINE_SECONDS)
    assert (refused.status_code, refused.headers["Allow"]) == (405, "POST")


def test_a_head_without_end(run_service: RunService) -> None:
    """It is cut off before it fills the memory, although it never becomes a request."""
    with socket.create_connection(run_service("admin").address, DEADLINE_SECONDS) as connection:
        connection.sendall(b"GET /livez HTTP/1.1\r\nX-A: ")
        with pytest.raises(OSError, match=r"reset|pipe|abort"):
            connection.sendall(b"a" * 64 * 1_048_576)
