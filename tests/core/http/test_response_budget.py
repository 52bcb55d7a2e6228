"""Large responses: clients that do not read them hold a bounded amount of memory."""

import socket

import psutil
from tests.fixtures.bare_server import LARGE, Serve, Serving
from tests.fixtures.waiting import eventually

ASK = b"GET /large HTTP/1.1\r\nHost: x\r\n\r\n"


def test_clients_that_do_not_read_are_aborted(serve: Serve) -> None:
    """Only as many of them stay connected as the budget allows; a client that reads gets the whole response."""
    running = serve(response_budget_bytes=4 * len(LARGE))
    process = psutil.Process()
    before = process.memory_info().rss
    for number in range(12):
        _ask_and_never_read(running, number)
    assert process.memory_info().rss - before < 3 * len(LARGE)
    assert _received(running.connect(ASK.replace(b"Host", b"Connection: close\r\nHost"))).endswith(LARGE)


def _ask_and_never_read(running: Serving, number: int) -> None:
    connection = running.connect(ASK)
    assert connection.recv(1, socket.MSG_PEEK), "the response has begun"
    expected = min(number + 1, 4)
    eventually(lambda: len(running.connections) == expected, f"{expected} connections to be left")


def test_single_response_may_exceed_the_budget(serve: Serve) -> None:
    """A response does not abort its own connection."""
    running = serve(response_budget_bytes=1)
    assert _received(running.connect(ASK.replace(b"Host", b"Connection: close\r\nHost"))).endswith(LARGE)


def test_budget_is_released(serve: Serve) -> None:
    """A client that has read its response is not aborted for others later, and one that has left releases its bytes."""
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


def _received(connection: socket.socket) -> bytes:
    parts = []
    while part := connection.recv(1_000_000):
        parts.append(part)
    return b"".join(parts)
