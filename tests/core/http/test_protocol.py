"""A connection to ingest from its start to its end, over raw sockets."""

import resource
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack

import pytest
from tests.core.http.conftest import CLOSE, HOST, LENGTH, event_request
from tests.fixtures.bare_server import Serve
from tests.fixtures.ingest_client import Producer
from tests.fixtures.services import Service
from tests.fixtures.timing import Promised
from tests.fixtures.waiting import DEADLINE_SECONDS, eventually

from event_platform.ingest.http_limits import BOUNDS

ASK = b"GET /path HTTP/1.1\r\nHost: x\r\n\r\n"
HEAD = b"POST /events HTTP/1.1\r\nHost: x\r\n"


@pytest.mark.parametrize("sent", [event_request(HOST, LENGTH), event_request(HOST, LENGTH) * 3])
def test_half_closed(producer: Producer, sent: bytes) -> None:
    """A client that closes its side after its requests gets all responses, and then the connection is closed."""
    with socket.create_connection(producer.service.address, DEADLINE_SECONDS) as connection:
        connection.sendall(sent)
        connection.shutdown(socket.SHUT_WR)
        answers = b""
        while part := connection.recv(65_536):
            answers += part
    assert answers.count(b"HTTP/1.1 202 ") == sent.count(b"POST /")


@pytest.mark.long
@pytest.mark.timing
@pytest.mark.parametrize(
    ("sent", "trickle", "seconds"),
    [
        (b"", b"", BOUNDS.head_seconds),
        (HEAD, b"X-A: b\r\n", BOUNDS.head_seconds),
        (event_request(HOST, b"Content-Length: 1000", body=b"{"), b" ", BOUNDS.body_seconds),
    ],
)
def test_slow_request(ingest: Service, promised: Promised, sent: bytes, trickle: bytes, seconds: float) -> None:
    """An incomplete head or body closes the connection at its deadline, even if single bytes keep arriving."""

    def seconds_open() -> float:
        with socket.create_connection(ingest.address) as connection:
            connection.settimeout(1)
            started = time.monotonic()
            connection.sendall(sent)
            eventually(lambda: _is_ended(connection, trickle), "the connection to be ended")
            return time.monotonic() - started

    promised.within(seconds + 3, seconds_open)


def _is_ended(connection: socket.socket, trickle: bytes) -> bool:
    try:
        connection.sendall(trickle)
        return connection.recv(1) == b""
    except TimeoutError:
        return False
    except OSError:
        return True


@pytest.fixture
def many_files(ingest: Service) -> Iterator[None]:
    """Raise this process's limit of open files; the service, which is running, had to raise its own."""
    assert ingest.pid
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, min(hard, 4096)), hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@pytest.mark.usefixtures("many_files")
def test_too_many_connections(ingest: Service, producer: Producer) -> None:
    """Beyond 1,000 connections a request gets 503, and is accepted again once others are closed."""
    with ExitStack() as stack:
        for _ in range(BOUNDS.max_connections + 5):
            stack.enter_context(socket.create_connection(ingest.address))
        answer = producer.raw(event_request(HOST, LENGTH))
        assert answer.startswith(b"HTTP/1.1 503 ")
        assert b"UNAVAILABLE" in answer
        assert b"retry-after" in answer
    eventually(
        lambda: producer.raw(event_request(HOST, LENGTH, CLOSE)).startswith(b"HTTP/1.1 202 "),
        "a request to be accepted again",
    )


@pytest.mark.parametrize("path", [b"/large", b"/never"])
def test_client_that_disconnects_with_pipelined_requests(serve: Serve, path: bytes) -> None:
    """When a client with pipelined requests disconnects, the application that handles the first one is told so."""
    running = serve()
    connection = running.connect(ASK.replace(b"/path", path) * 3)
    eventually(lambda: running.server.server_state.tasks, "the first one to be running")
    connection.close()
    eventually(lambda: not running.connections and not running.server.server_state.tasks, "all of them to end")
