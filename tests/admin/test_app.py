"""The process of the admin API: how it starts, and how it ends."""

import socket
from contextlib import ExitStack
from typing import Any

import httpx
import psutil
import pytest
from tests.admin.conftest import Store
from tests.fixtures.services import RunService, Service
from tests.fixtures.waiting import DEADLINE_SECONDS, eventually

from event_platform.admin.app import BOUNDS


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
    """It is refused as soon as it is too large, and cut off before it fills the memory: it never becomes a request."""
    address, begun = run_service("admin").address, b"GET /livez HTTP/1.1\r\nX-A: "
    with socket.create_connection(address, DEADLINE_SECONDS) as connection:
        connection.sendall(begun + b"a" * BOUNDS.max_unfinished_bytes)
        assert connection.recv(65_536).startswith(b"HTTP/1.1 431 ")
    with socket.create_connection(address, DEADLINE_SECONDS) as connection:
        connection.sendall(begun)
        with pytest.raises(OSError, match=r"reset|pipe|abort"):
            connection.sendall(b"a" * 64 * 1_048_576)


def test_readers_who_never_read(run_service: RunService, store: Store) -> None:
    """60 of them, who ask for a page of 8 MiB each, are not 480 MiB; and who reads gets the whole page."""
    for _ in range(8):
        store.dead_letter(original_bytes=b'{"a":"%b"}' % (b"x" * 1_000_000))
    admin = run_service("admin")
    eventually(lambda: _page(admin), "the whole page")
    before = _memory_bytes(admin)
    with ExitStack() as stack:
        for _ in range(60):
            eventually(lambda: _begins_a_page(admin, stack), "a page to begin")
        held_bytes = _memory_bytes(admin) - before
        page = eventually(lambda: _page(admin), "the whole page")
    assert len(page["dead_letters"]) == 8
    assert held_bytes < 200 * 1_048_576


def _memory_bytes(admin: Service) -> int:
    return psutil.Process(admin.pid).memory_info().rss


def _begins_a_page(admin: Service, stack: ExitStack) -> bool:
    connection = stack.enter_context(socket.create_connection(admin.address, DEADLINE_SECONDS))
    connection.sendall(b"GET /admin/dlq/sample HTTP/1.1\r\nHost: localhost\r\n\r\n")
    return connection.recv(12, socket.MSG_PEEK) == b"HTTP/1.1 200"


def _page(admin: Service) -> dict[str, Any] | None:
    found = admin.get("/admin/dlq/sample")
    # A busy machine's servers may be too slow for what is asked.
    return dict(found.json()) if found.status_code == httpx.codes.OK else None
