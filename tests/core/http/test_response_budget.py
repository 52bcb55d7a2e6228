"""Large answers: whole for whoever reads them, bounded for whoever does not."""

import socket
from typing import Any

import httpx
import psutil
import pytest
from tests.fixtures.bare_server import LARGE, Serve, Serving
from tests.fixtures.waiting import DEADLINE_SECONDS, eventually

ASK = b"GET /large HTTP/1.1\r\nHost: x\r\n\r\n"
VARIED = bytes(range(256)) * 4_000 + b"end"


async def answer_in_parts(scope: Any, _receive: Any, send: Any) -> None:  # noqa: ANN401 - ASGI's own types
    """Two large parts and a small one; ``/length`` says before how much it will be."""
    parts = [VARIED, VARIED, b"small"]
    length = [(b"content-length", b"%d" % sum(map(len, parts)))] if scope["path"] == "/length" else []
    await send({"type": "http.response.start", "status": 200, "headers": length})
    for part in parts:
        await send({"type": "http.response.body", "body": part, "more_body": True})
    await send({"type": "http.response.body"})


@pytest.mark.parametrize("path", ["/length", "/chunked"])
def test_portions_are_the_whole(serve: Serve, path: str) -> None:
    """Nothing is missing, doubled or out of order, with either framing; and the connection can be used again."""
    running = serve(answer_in_parts)
    host, port = running.address
    with httpx.Client(base_url=f"http://{host}:{port}", timeout=DEADLINE_SECONDS) as client:
        for _ in range(2):
            assert client.get(path).content == VARIED + VARIED + b"small"
        assert client.head(path).content == b""
    assert len({each.client for each in running.connections}) <= 1


def test_who_does_not_read_gives_way(serve: Serve) -> None:
    """Of many that never read only so many are kept as the budget has room for; who reads gets the whole."""
    running = serve(response_budget_bytes=4 * len(LARGE))
    process = psutil.Process()
    before = process.memory_info().rss
    for number in range(12):
        _ask_and_never_read(running, number)
    assert process.memory_info().rss - before < 3 * len(LARGE)
    assert _received(running.connect(ASK.replace(b"Host", b"Connection: close\r\nHost"))).endswith(LARGE)


def _ask_and_never_read(running: Serving, number: int) -> None:
    connection = running.connect(ASK)
    assert connection.recv(1, socket.MSG_PEEK), "the answer has begun"
    expected = min(number + 1, 4)
    eventually(lambda: len(running.connections) == expected, f"{expected} connections to be left")


def test_one_answer_may_be_larger_than_the_budget(serve: Serve) -> None:
    """It is not its own enemy."""
    running = serve(response_budget_bytes=1)
    assert _received(running.connect(ASK.replace(b"Host", b"Connection: close\r\nHost"))).endswith(LARGE)


def test_budget_is_given_back(serve: Serve) -> None:
    """By those who took their answer, who are not cut off for others later, and by those who left."""
    running = serve(response_budget_bytes=2 * len(LARGE))
    for _ in range(3):
        running.connect(ASK).close()
    eventually(lambda: not running.connections, "the connections to be gone")
    reader = running.connect(ASK)
    _take(reader)
    for _ in range(2):
        assert running.connect(ASK).recv(1, socket.MSG_PEEK)
    assert len(running.connections) == 3
    reader.sendall(ASK.replace(b"/large", b"/"))
    assert reader.recv(65_536).startswith(b"HTTP/1.1 200 ")


def _take(connection: socket.socket) -> None:
    head, _, begun = connection.recv(65_536).partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200 ")
    missing = len(LARGE) - len(begun)
    while missing:
        missing -= len(connection.recv(min(missing, 1_000_000)))


@pytest.mark.parametrize("path", [b"/large", b"/never"])
def test_client_that_leaves_before_its_turn(serve: Serve, path: bytes) -> None:
    """Who sent more requests ahead and is gone is gone for the one under way, too, whose application is told so."""
    running = serve()
    connection = running.connect(ASK.replace(b"/large", path) * 3)
    eventually(lambda: running.server.server_state.tasks, "the first one to be under way")
    connection.close()
    eventually(lambda: not running.connections and not running.server.server_state.tasks, "all of it to be over")


def _received(connection: socket.socket) -> bytes:
    parts = []
    while part := connection.recv(1_000_000):
        parts.append(part)
    return b"".join(parts)
