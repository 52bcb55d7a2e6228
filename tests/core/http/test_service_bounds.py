"""The bounds on what a client can make a service hold, on all three services."""

import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from functools import partial
from typing import Final

import psutil
import pytest
from tests.fixtures.ingest_client import new_key
from tests.fixtures.services import RunService, Service
from tests.fixtures.waiting import DEADLINE_SECONDS, eventually

from event_platform.admin import app as admin
from event_platform.core.http.bounds import Bounds
from event_platform.ingest import http_limits
from event_platform.processor.monitoring import http as processor

HOST: Final = b"Host: localhost"
CLOSE: Final = b"Connection: close"
UPGRADE: Final = (b"Connection: Upgrade, HTTP2-Settings", b"Upgrade: h2c", b"HTTP2-Settings: AAMAAABk")
LOOKUP: Final = b'{"tenant":"a","request_ids":["b"]}'

Request = Callable[..., bytes]


def get(*lines: bytes, path: bytes = b"/livez") -> bytes:
    """Return a request that gets 200, with further header lines."""
    return b"\r\n".join([b"GET %b HTTP/1.1" % path, *lines, b"", b""])


def post(path: bytes, body: bytes, *lines: bytes) -> bytes:
    """Return a request with a body."""
    head = [b"POST %b HTTP/1.1" % path, HOST, b"Content-Type: application/json", b"Content-Length: %d" % len(body)]
    return b"\r\n".join([*head, *lines, b"", body])


def post_event(*lines: bytes) -> bytes:
    """Return a request with an event."""
    key = b"Idempotency-Key: " + new_key().encode()
    return post(b"/events", b"{}", b"X-API-Key: key_a", key, *lines)


def post_lookup(*lines: bytes) -> bytes:
    """Return a query with a body."""
    return post(b"/admin/events/lookup", LOOKUP, *lines)


def post_to_health(*lines: bytes) -> bytes:
    """Return a request with a body to the processor: it gets 405, and its body must not count as the next request."""
    return post(b"/health", get(HOST), *lines)


@dataclass(frozen=True)
class ServiceCase:
    """A service, its bounds, and a request with a body and the status it gets."""

    name: str
    bounds: Bounds
    post: Request
    status: bytes


CASES = [
    ServiceCase("ingest", http_limits.BOUNDS, post_event, b"202"),
    ServiceCase("admin", admin.BOUNDS, post_lookup, b"200"),
    ServiceCase("processor", processor.BOUNDS, post_to_health, b"405"),
]


@dataclass(frozen=True)
class RunningCase:
    """A case with its running service."""

    case: ServiceCase
    service: Service

    def connect(self, sent: bytes = b"") -> socket.socket:
        """Connect and send; a service that refuses the request need not read all of it."""
        connection = socket.create_connection(self.service.address, DEADLINE_SECONDS)
        with suppress(BrokenPipeError, ConnectionResetError):
            connection.sendall(sent)
        return connection

    def send(self, sent: bytes) -> bytes:
        """Send, and return everything received until the service closes the connection."""
        received = b""
        with self.connect(sent) as connection, suppress(ConnectionResetError):
            while part := connection.recv(65_536):
                received += part
        return received

    def memory_bytes(self) -> int:
        """Return the resident memory of the service."""
        return psutil.Process(self.service.pid).memory_info().rss


def statuses(received: bytes) -> list[bytes]:
    """Return the status of every response."""
    return [part[:3] for part in received.split(b"HTTP/1.1 ")[1:]]


@pytest.fixture(scope="module", params=CASES, ids=lambda case: case.name)
def running(request: pytest.FixtureRequest, run_service_for_module: RunService) -> RunningCase:
    """Each of the services."""
    return RunningCase(request.param, run_service_for_module(request.param.name, RATE_LIMIT_PER_MIN=1_000_000))


@pytest.fixture
def clients() -> Iterator[ExitStack]:
    """Close the connections entered into it at the end of the test."""
    with ExitStack() as stack:
        yield stack


def test_upgrade_to_another_protocol(running: RunningCase) -> None:
    """A request to upgrade to HTTP/2 is ignored: it keeps its body, and the next request gets its response."""

    def is_ignored() -> bool:
        # On a busy machine the dependencies may time out.
        return statuses(running.send(running.case.post(*UPGRADE) + get(HOST, CLOSE))) == [running.case.status, b"200"]

    eventually(is_ignored, "both responses")


@pytest.mark.parametrize(
    "sent",
    [
        get(HOST, b"X-Long: " + b"y" * 17_000),
        get(HOST, *[b"X-%d: y" % number for number in range(101)]),
        get(HOST, path=b"/livez?" + b"y" * 66_000),
        b"GET /livez HTTP/1.1\r\nX-Long: " + b"y" * 1_000_000,
        b"GET /" + b"y" * 1_000_000,
    ],
    ids=["header", "headers", "target", "endless header", "endless target"],
)
def test_oversized_head(running: RunningCase, sent: bytes) -> None:
    """It gets 431, or is aborted if more is being received; a request after it gets no response."""
    assert statuses(running.send(sent + get(HOST, CLOSE))) in ([b"431"], [] if len(sent) > 100_000 else [b"431"])


@pytest.mark.parametrize(
    "sent",
    [
        get(HOST, HOST),
        get(),
        get(HOST, b"Content-Length: 2", b"Transfer-Encoding: chunked"),
        get(HOST, b"Content-Length: 2", b"Content-Length: 2"),
        get(HOST, b"Transfer-Encoding: gzip, chunked"),
        get(HOST, b"Transfer-Encoding: gzip"),
        b"GET /livez HTTP/1.2\r\nHost: localhost\r\n\r\n",
    ],
    ids=["two hosts", "no host", "both framings", "two lengths", "unknown coding", "no framing", "HTTP/1.2"],
)
def test_ambiguous_head(running: RunningCase, sent: bytes) -> None:
    """A head that two servers in a row could interpret differently gets 400, and a request after it no response."""
    assert statuses(running.send(sent + get(HOST, CLOSE))) == [b"400"]


def test_trailers_are_no_headers(running: RunningCase) -> None:
    """Trailers are dropped, and the next request gets its response."""
    chunked = get(HOST, b"Transfer-Encoding: chunked") + b"0\r\nHost: elsewhere\r\nX-A: b\r\n\r\n"
    assert statuses(running.send(chunked + get(HOST, CLOSE))) == [b"200", b"200"]


def test_half_closed(running: RunningCase, clients: ExitStack) -> None:
    """A client that closes its side after its requests gets all responses."""
    connection = clients.enter_context(running.connect(get(HOST) * 3))
    connection.shutdown(socket.SHUT_WR)
    received = b""
    while part := connection.recv(65_536):
        received += part
    assert statuses(received) == [b"200"] * 3


def test_silent_connections(running: RunningCase, clients: ExitStack) -> None:
    """With more silent connections than are allowed, a request is served all the same, or gets 503 at once."""
    for _ in range(running.case.bounds.max_connections + 5):
        clients.enter_context(running.connect())
    expected = b"200" if running.case.bounds.evicts_slow_clients else b"503"
    for _ in range(5):
        assert statuses(running.send(get(HOST, CLOSE))) == [expected]
    clients.close()
    eventually(lambda: statuses(running.send(get(HOST, CLOSE))) == [b"200"], "a response after they are closed")


def test_pipelined_requests_of_clients_that_never_read(running: RunningCase, clients: ExitStack) -> None:
    """Sixty clients that send many requests for large responses, and read none, take little memory."""
    running.send(get(HOST, CLOSE, path=b"/metrics"))
    before = running.memory_bytes()
    for _ in range(60):
        connection = clients.enter_context(running.connect())
        connection.settimeout(1)
        with suppress(TimeoutError, ConnectionResetError, BrokenPipeError):
            connection.sendall(get(HOST, path=b"/metrics") * 3_000)
    assert statuses(running.send(get(HOST, CLOSE))) == [b"200"]
    assert running.memory_bytes() - before < 64 * 1_048_576


@pytest.fixture(scope="module")
def all_services(run_service_for_module: RunService) -> list[RunningCase]:
    """All three services side by side."""
    return [RunningCase(case, run_service_for_module(case.name)) for case in CASES]


def is_closed(connection: socket.socket, trickle: bytes) -> bool:
    """Send some more, and return whether the service has closed the connection."""
    try:
        connection.sendall(trickle)
        while connection.recv(65_536):
            pass
    except TimeoutError:
        return False
    except OSError:
        return True
    return True


@pytest.mark.parametrize(
    ("part", "trickle"), [("head", b"X-A: b\r\n"), pytest.param("body", b" ", marks=pytest.mark.long)]
)
def test_slow_client(all_services: list[RunningCase], clients: ExitStack, part: str, trickle: bytes) -> None:
    """A head or a body that never ends closes the connection, even if single bytes keep arriving."""
    sent = {case.name: case.post(b"X-A: b") for case in CASES}
    waiting = []
    for running in all_services:
        whole = sent[running.case.name]
        begun = whole[: whole.index(b"X-A")] if part == "head" else whole.replace(b"Length: ", b"Length: 9")
        waiting.append(clients.enter_context(running.connect(begun)))
        waiting[-1].settimeout(0.2)
    for each in waiting:
        eventually(partial(is_closed, each, trickle), "the connection to be closed")
