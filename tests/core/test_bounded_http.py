"""What is bounded on each connection of a service that few ask, with short limits, over real sockets."""

import contextlib
import socket
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import uvicorn
from tests.fixtures.waiting import DEADLINE_SECONDS, eventually

from event_platform.core import bounded_http
from event_platform.core.bounded_http import BoundedProtocol

HEAD = b"POST / HTTP/1.1\r\nHost: x\r\n"
LARGE = b"x" * 32_000_000
SHORT_SECONDS = 0.3
LONG_SECONDS = 600.0

Limit = Callable[[str], None]


async def application(scope: Any, receive: Any, send: Any) -> None:  # noqa: ANN401 - ASGI's own types
    """Read the body, then answer with its length; ``/large`` with more than sockets hold, ``/never`` not."""
    size, more = 0, True
    while more:
        message = await receive()
        size, more = size + len(message.get("body", b"")), message.get("more_body", False)
    if scope["path"] == "/never":
        await receive()
    body = LARGE if scope["path"] == "/large" else b"%d" % size
    headers = [(b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})


@pytest.fixture
def server() -> Iterator[uvicorn.Server]:
    """A server of the application, in a thread."""
    listener = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(
        application,
        http=BoundedProtocol,
        ws="none",
        log_config=None,
        lifespan="off",
        timeout_keep_alive=int(LONG_SECONDS),
    )
    made = uvicorn.Server(config)
    thread = threading.Thread(target=made.run, args=([listener],))
    thread.start()
    eventually(lambda: made.started, "the server to listen")
    yield made
    made.should_exit = True
    thread.join()


@pytest.fixture
def limit(monkeypatch: pytest.MonkeyPatch) -> Limit:
    """Make one of the deadlines short, and all others so long that no test waits for them."""

    def shorten(name: str) -> None:
        for each in ("HEAD_SECONDS", "BODY_SECONDS", "ANSWER_SECONDS", "IDLE_SECONDS"):
            monkeypatch.setattr(bounded_http, each, SHORT_SECONDS if each == name else LONG_SECONDS)

    return shorten


def connect(server: uvicorn.Server, sent: bytes) -> socket.socket:
    """A connection on which something was sent."""
    connection = socket.create_connection(server.servers[0].sockets[0].getsockname(), DEADLINE_SECONDS)
    connection.sendall(sent)
    return connection


def received(connection: socket.socket) -> bytes:
    """All that comes until the server ends the connection."""
    parts = []
    with contextlib.suppress(ConnectionResetError):
        while part := connection.recv(1_000_000):
            parts.append(part)
    return b"".join(parts)


@pytest.mark.parametrize(
    ("name", "sent"),
    [
        ("HEAD_SECONDS", b""),
        ("HEAD_SECONDS", b"POST"),
        ("HEAD_SECONDS", HEAD),
        ("BODY_SECONDS", HEAD + b"Content-Length: 9000\r\n\r\nx"),
        ("BODY_SECONDS", HEAD + b"Transfer-Encoding: chunked\r\n\r\n1\r\nx\r\n"),
        ("ANSWER_SECONDS", b"GET /never HTTP/1.1\r\nHost: x\r\n\r\n"),
    ],
)
def test_a_request_has_deadlines(limit: Limit, server: uvicorn.Server, name: str, sent: bytes) -> None:
    """A head, a body or an answer that does not come to its end ends the connection."""
    limit(name)
    with connect(server, sent) as connection:
        assert received(connection) == b""


@pytest.mark.parametrize(("name", "after"), [("IDLE_SECONDS", b""), ("HEAD_SECONDS", b"POST /")])
def test_what_follows_an_answer_has_deadlines(limit: Limit, server: uvicorn.Server, name: str, after: bytes) -> None:
    """The connection may rest for so long, and the next request has its own deadline."""
    limit(name)
    with connect(server, HEAD + b"Content-Length: 1\r\n\r\n1" + after) as connection:
        assert received(connection).endswith(b"\r\n\r\n1")


def test_an_answer_that_nobody_takes(limit: Limit, server: uvicorn.Server) -> None:
    """It does not wait for its client for ever."""
    limit("IDLE_SECONDS")
    with connect(server, b"GET /large HTTP/1.1\r\nHost: x\r\n\r\n") as connection:
        assert connection.recv(1, socket.MSG_PEEK), "the answer has begun, so that the server knows the connection"
        eventually(lambda: not server.server_state.connections, "the connection to be ended")
        assert len(received(connection)) < len(LARGE)


@pytest.mark.parametrize("start", [b"GET /", HEAD + b"X-A: ", HEAD + b"X-A: 1\r\n" * 50 + b"X-B: "])
def test_a_head_is_bounded(limit: Limit, server: uvicorn.Server, start: bytes) -> None:
    """One that goes on and on is cut off long before it fills the memory."""
    limit("none of them")
    with connect(server, start) as connection, pytest.raises(OSError, match=r"reset|pipe|abort"):
        connection.sendall(b"a" * 64 * 1_048_576)


def test_bodies_are_none_of_it(limit: Limit, server: uvicorn.Server) -> None:
    """A large body comes through, after a head of many bytes, as does the request behind it."""
    limit("none of them")
    head = HEAD + b"X-A: " + b"a" * 50_000 + b"\r\nContent-Length: 2000000\r\n\r\n"
    with connect(server, head + b"x" * 2_000_000 + HEAD + b"Content-Length: 1\r\nConnection: close\r\n\r\n1") as sent:
        answers = received(sent)
    assert answers.count(b"HTTP/1.1 200 ") == 2
    assert b"\r\n\r\n2000000HTTP" in answers
