"""Deadlines of a connection, on a bare application with short limits, over real sockets."""

import socket
import threading
from contextlib import suppress

import pytest
from tests.fixtures.bare_server import LARGE, LONG_SECONDS, SHORT_SECONDS, Serve
from tests.fixtures.waiting import eventually

HEAD = b"POST /events HTTP/1.1\r\nHost: x\r\n"
READ = HEAD.replace(b"events", b"read")


def receive_response(connection: socket.socket) -> None:
    """Read one small response."""
    assert connection.recv(65_536).startswith(b"HTTP/1.1 200 ")


def assert_ends(connection: socket.socket, trickle: bytes = b"") -> None:
    """Check that the server closes the connection soon, although ``trickle`` is sent again and again."""
    connection.settimeout(0.05)

    def is_ended() -> bool:
        try:
            connection.sendall(trickle)
            return connection.recv(65_536) == b""
        except TimeoutError:
            return False
        except OSError:
            return True

    eventually(is_ended, "the connection to be closed")


@pytest.mark.parametrize(
    ("name", "sent", "trickle"),
    [
        ("head_seconds", b"", b""),
        ("head_seconds", b"POST", b""),
        ("head_seconds", HEAD, b"X-A: b\r\n"),
        ("body_seconds", READ + b"Content-Length: 9000\r\n\r\n", b"x"),
        ("body_seconds", READ + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n"),
        ("response_seconds", b"GET /never HTTP/1.1\r\nHost: x\r\n\r\n", b""),
    ],
)
def test_unfinished_request(serve: Serve, name: str, sent: bytes, trickle: bytes) -> None:
    """An incomplete head, body or response closes the connection, even if single bytes keep arriving."""
    assert_ends(serve(**{name: SHORT_SECONDS}).connect(sent), trickle)


@pytest.mark.parametrize(
    ("name", "after"),
    [("idle_seconds", b""), ("head_seconds", b"POST /ev"), ("body_seconds", HEAD + b"Content-Length: 5\r\n\r\n1")],
)
def test_after_a_response(serve: Serve, name: str, after: bytes) -> None:
    """After a response, the time to stay idle is limited, and the next head or body has its own deadline."""
    connection = serve(**{name: SHORT_SECONDS}).connect(HEAD + b"Content-Length: 0\r\n\r\n" + after)
    receive_response(connection)
    assert_ends(connection)


def test_body_after_its_response(serve: Serve) -> None:
    """A body that is complete only after its response does not prolong the time to stay idle."""
    connection = serve(idle_seconds=SHORT_SECONDS).connect(HEAD + b"Content-Length: 5\r\n\r\n1")
    receive_response(connection)
    connection.sendall(b"2345")
    assert_ends(connection)


@pytest.mark.parametrize("requests", [1, 3])
def test_response_that_is_not_read(serve: Serve, requests: int) -> None:
    """A client that does not read its response is disconnected, with and without further requests."""
    running = serve(response_seconds=SHORT_SECONDS)
    connection = running.connect(b"GET /large HTTP/1.1\r\nHost: x\r\n\r\n" * requests)
    eventually(lambda: not running.connections, "the connection to be closed")
    received = 0
    with suppress(ConnectionResetError):
        while part := connection.recv(1_000_000):
            received += len(part)
    assert received < requests * len(LARGE)


@pytest.mark.parametrize(("sent_late", "waits_seconds"), [(b"", SHORT_SECONDS), (b"2345", LONG_SECONDS)])
def test_body_during_shutdown(serve: Serve, sent_late: bytes, waits_seconds: float) -> None:
    """A request whose body is completed soon after SIGTERM gets its response; other bodies are not waited for."""
    running = serve(shutdown_client_seconds=waits_seconds)
    connection = running.connect(READ + b"Expect: 100-continue\r\nContent-Length: 5\r\n\r\n1")
    assert connection.recv(65_536) == b"HTTP/1.1 100 Continue\r\n\r\n"
    timer = threading.Timer(SHORT_SECONDS, connection.sendall, (sent_late,))
    timer.start()
    running.end()
    timer.join()
    assert connection.recv(65_536).partition(b"\r\n")[0] == (b"HTTP/1.1 200 OK" if sent_late else b"")


@pytest.mark.parametrize("head", [b"", b"Connection: close\r\n"])
def test_response_that_is_not_read_during_shutdown(serve: Serve, head: bytes) -> None:
    """The server does not wait for it, and logs no ERROR, because nothing is wrong with the service."""
    running = serve(shutdown_client_seconds=SHORT_SECONDS)
    connection = running.connect(b"GET /large HTTP/1.1\r\nHost: x\r\n" + head + b"\r\n")
    assert connection.recv(1, socket.MSG_PEEK)
    running.end()
    assert not running.connections


def test_request_in_progress_during_shutdown(serve: Serve) -> None:
    """It may take until a second before the server's own limit, at which uvicorn would log an ERROR."""
    running = serve(shutdown_seconds=2)
    connection = running.connect(b"GET /never HTTP/1.1\r\nHost: x\r\n\r\n")
    eventually(lambda: running.server.server_state.tasks, "the request to be running")
    running.end()
    assert connection.recv(1) == b""
