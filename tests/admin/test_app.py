"""The process of the admin API: how it starts, how it stops, and what it bounds."""

import socket
from contextlib import ExitStack
from typing import Any

import httpx
import psutil
import pytest
from tests.admin.conftest import Storable
from tests.fixtures.services import RunService, Service
from tests.fixtures.waiting import DEADLINE_SECONDS, eventually

from event_platform.admin.app import BOUNDS


def test_a_taken_port_stops_the_start(run_service: RunService) -> None:
    """It exits at once and names the setting that changes the port."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        admin = run_service("admin", wait_until_ready=False, ADMIN_PORT=port)
        assert admin.wait_until_ended() == 1
    assert f"ADMIN_PORT={port}" in admin.log()
    assert "set ADMIN_PORT to a free port" in admin.log()


def test_sigterm_stops_it_cleanly(run_service: RunService) -> None:
    """With exit status 0, as the other services do."""
    admin = run_service("admin")
    assert admin.stop() == 0


def test_an_endless_request_head(run_service: RunService) -> None:
    """It gets 431 at the limit, and the connection is closed before it fills the memory."""
    address, begun = run_service("admin").address, b"GET /livez HTTP/1.1\r\nX-A: "
    with socket.create_connection(address, DEADLINE_SECONDS) as connection:
        connection.sendall(begun + b"a" * BOUNDS.max_unfinished_bytes)
        assert connection.recv(65_536).startswith(b"HTTP/1.1 431 ")
    with socket.create_connection(address, DEADLINE_SECONDS) as connection:
        connection.sendall(begun)
        with pytest.raises(OSError, match=r"reset|pipe|abort"):
            connection.sendall(b"a" * 64 * 1_048_576)


def test_clients_that_never_read(run_service: RunService, store: Storable) -> None:
    """60 clients that request 8 MiB each do not take 480 MiB, and a client that reads gets the whole page."""
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
    # On a busy machine the servers can be too slow for the request.
    return dict(found.json()) if found.status_code == httpx.codes.OK else None
