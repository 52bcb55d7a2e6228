"""What the protocol bounds on each connection, on a bare application with short limits, over real sockets."""

import asyncio
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

import psutil
import pytest
import uvicorn
from tests.fixtures.waiting import DEADLINE_SECONDS, eventually

from event_platform.ingest import http_limits
from event_platform.ingest.app import server_config
from event_platform.ingest.protocol import end_overdue

HEAD = b"POST /events HTTP/1.1\r\nHost: x\r\n"
LARGE = b"x" * 4_000_000
SHORT_SECONDS = 0.3
LONG_SECONDS = 600.0
"""Beyond the deadline of every wait here."""

Address = tuple[str, int]


async def answer_at_once(scope: Any, receive: Any, send: Any) -> None:  # noqa: ANN401 - ASGI's own types
    """Answer without reading the body, as ingest answers a wrong API key; ``/large`` with more than sockets hold."""
    if scope["path"] == "/read":
        while (await receive()).get("more_body"):
            pass
    body = LARGE if scope["path"] == "/large" else b"{}"
    headers = [(b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})


@dataclass(frozen=True)
class Serving:
    """A server that runs."""

    address: Address
    server: uvicorn.Server


@contextmanager
def serving() -> Iterator[Serving]:
    """A server of the application in a thread, whose overdue connections end as ingest's do."""
    listener = socket.create_server(("127.0.0.1", 0))
    config = server_config(answer_at_once)
    # uvicorn's own timer stops when bytes come: what ends connections here must be ours.
    config.timeout_keep_alive = int(LONG_SECONDS)
    server = uvicorn.Server(config)

    async def serve() -> None:
        async def watch() -> None:
            while True:
                end_overdue(server.server_state.connections, asyncio.get_running_loop().time())
                await asyncio.sleep(0.02)

        watching = asyncio.create_task(watch())
        await server.serve([listener])
        watching.cancel()

    thread = threading.Thread(target=asyncio.run, args=(serve(),))
    thread.start()
    try:
        yield Serving(listener.getsockname(), server)
    finally:
        server.should_exit = True
        thread.join()


@pytest.fixture
def limit(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Make one of the deadlines short, and all others so long that no test waits for them."""

    def shorten(name: str) -> None:
        for each in ("HEAD_SECONDS", "BODY_SECONDS", "ANSWER_SECONDS", "IDLE_SECONDS"):
            monkeypatch.setattr(http_limits, each, SHORT_SECONDS if each == name else LONG_SECONDS)

    return shorten


def receive_answer(connection: socket.socket) -> None:
    """Read one small answer."""
    assert connection.recv(65_536).startswith(b"HTTP/1.1 200 ")


def assert_ends(connection: socket.socket, trickle: bytes = b"") -> None:
    """The server ends the connection soon, although ``trickle`` is sent again and again."""
    connection.settimeout(0.05)

    def is_ended() -> bool:
        try:
            connection.sendall(trickle)
            return connection.recv(65_536) == b""
        except TimeoutError:
            return False
        except OSError:
            return True

    eventually(is_ended, "the connection to be ended")


@pytest.mark.parametrize(
    ("name", "sent", "trickle"),
    [
        ("HEAD_SECONDS", b"", b""),
        ("HEAD_SECONDS", b"POST", b""),
        ("HEAD_SECONDS", HEAD, b"X-A: b\r\n"),
        ("BODY_SECONDS", HEAD.replace(b"events", b"read") + b"Content-Length: 9000\r\n\r\n", b"x"),
        ("BODY_SECONDS", HEAD.replace(b"events", b"read") + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n"),
    ],
)
def test_unfinished_request(limit: Callable[[str], None], name: str, sent: bytes, trickle: bytes) -> None:
    """A head or body that does not come to its end ends the connection, however it trickles."""
    limit(name)
    with serving() as running, socket.create_connection(running.address, DEADLINE_SECONDS) as connection:
        connection.sendall(sent)
        assert_ends(connection, trickle)


@pytest.mark.parametrize(
    ("name", "after"),
    [("IDLE_SECONDS", b""), ("HEAD_SECONDS", b"POST /ev"), ("BODY_SECONDS", HEAD + b"Content-Length: 5\r\n\r\n1")],
)
def test_after_an_answer(limit: Callable[[str], None], name: str, after: bytes) -> None:
    """After an answer the connection may stay idle for so long, and what comes next has its own deadline."""
    limit(name)
    with serving() as running, socket.create_connection(running.address, DEADLINE_SECONDS) as connection:
        connection.sendall(HEAD + b"Content-Length: 0\r\n\r\n" + after)
        receive_answer(connection)
        assert_ends(connection)


def test_body_after_its_answer(limit: Callable[[str], None]) -> None:
    """Who is answered before the body came, and sends it then, holds the connection no longer than others."""
    limit("IDLE_SECONDS")
    with serving() as running, socket.create_connection(running.address, DEADLINE_SECONDS) as connection:
        connection.sendall(HEAD + b"Content-Length: 5\r\n\r\n1")
        receive_answer(connection)
        connection.sendall(b"2345")
        assert_ends(connection)


def test_answer_that_nobody_takes(limit: Callable[[str], None]) -> None:
    """A client that does not read its answer holds the connection for a while only."""
    limit("ANSWER_SECONDS")
    with serving() as running, socket.create_connection(running.address, DEADLINE_SECONDS) as connection:
        request = HEAD.replace(b"events", b"large") + b"Content-Length: 0\r\n\r\n"
        connection.sendall(request * 3)
        assert connection.recv(1, socket.MSG_PEEK), "the answer has begun, so that the server knows the connection"
        eventually(lambda: not running.server.server_state.connections, "the connection to be ended")
        received = 0
        try:
            while part := connection.recv(1_000_000):
                received += len(part)
        except ConnectionResetError:
            pass
        assert received < 3 * len(LARGE)


@pytest.mark.parametrize(("sent_late", "waits_seconds"), [(b"", SHORT_SECONDS), (b"2345", LONG_SECONDS)])
def test_body_while_the_service_ends(monkeypatch: pytest.MonkeyPatch, sent_late: bytes, waits_seconds: float) -> None:
    """Whose body comes to its end soon after SIGTERM is answered; whose body does not is let go without an answer."""
    monkeypatch.setattr(http_limits, "SHUTDOWN_BODY_SECONDS", waits_seconds)
    monkeypatch.setattr(http_limits, "SHUTDOWN_SECONDS", LONG_SECONDS)
    head = HEAD.replace(b"events", b"read") + b"Expect: 100-continue\r\nContent-Length: 5\r\n\r\n"
    with serving() as running:
        connection = socket.create_connection(running.address, DEADLINE_SECONDS)
        connection.sendall(head + b"1")
        assert connection.recv(65_536) == b"HTTP/1.1 100 Continue\r\n\r\n"
        timer = threading.Timer(SHORT_SECONDS, connection.sendall, (sent_late,))
        timer.start()
    with connection:
        timer.join()
        assert connection.recv(65_536).partition(b"\r\n")[0] == (b"HTTP/1.1 200 OK" if sent_late else b"")


def test_requests_sent_ahead() -> None:
    """Requests far ahead of their turn are answered in order, and wait as bytes: their memory is bounded."""
    request = b"GET / HTTP/1.1\r\nHost:x\r\n\r\n"
    number = 100_000 // len(request)
    process = psutil.Process()
    with serving() as running, ExitStack() as stack:
        before = most = process.memory_info().rss
        connections = [
            stack.enter_context(socket.create_connection(running.address, DEADLINE_SECONDS)) for _ in range(8)
        ]
        for connection in connections:
            connection.sendall(request * number)
        answered, begun = 0, b"HTTP/1.1 200 "
        received = b""
        while answered < number:
            received = received[1 - len(begun) :] + connections[0].recv(1_000_000)
            answered += received.count(begun)
            most = max(most, process.memory_info().rss)
        assert most - before < 40_000_000
