"""What a client can make a service hold: the same bounds on all three, as they run."""

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
WISH: Final = (b"Connection: Upgrade, HTTP2-Settings", b"Upgrade: h2c", b"HTTP2-Settings: AAMAAABk")
LOOKUP: Final = b'{"tenant":"a","request_ids":["b"]}'

Request = Callable[..., bytes]


def get(*lines: bytes, path: bytes = b"/livez") -> bytes:
    """A request that is answered 200, with further header lines."""
    return b"\r\n".join([b"GET %b HTTP/1.1" % path, *lines, b"", b""])


def post(path: bytes, body: bytes, *lines: bytes) -> bytes:
    """A request with a body."""
    head = [b"POST %b HTTP/1.1" % path, HOST, b"Content-Type: application/json", b"Content-Length: %d" % len(body)]
    return b"\r\n".join([*head, *lines, b"", body])


def post_event(*lines: bytes) -> bytes:
    """An event."""
    key = b"Idempotency-Key: " + new_key().encode()
    return post(b"/events", b"{}", b"X-API-Key: key_a", key, *lines)


def post_lookup(*lines: bytes) -> bytes:
    """A question with a body."""
    return post(b"/admin/events/lookup", LOOKUP, *lines)


def post_to_health(*lines: bytes) -> bytes:
    """The processor takes no body: it answers 405, and must not take the body for the next request."""
    return post(b"/health", get(HOST), *lines)


@dataclass(frozen=True)
class Kind:
    """A service, its bounds, and a request with a body that has this answer."""

    name: str
    bounds: Bounds
    post: Request
    status: bytes


KINDS = [
    Kind("ingest", http_limits.BOUNDS, post_event, b"202"),
    Kind("admin", admin.BOUNDS, post_lookup, b"200"),
    Kind("processor", processor.BOUNDS, post_to_health, b"405"),
]


@dataclass(frozen=True)
class Running:
    """A service of a kind."""

    kind: Kind
    service: Service

    def connect(self, sent: bytes = b"") -> socket.socket:
        """A connection on which something was sent; who refuses it need not read all of it."""
        connection = socket.create_connection(self.service.address, DEADLINE_SECONDS)
        with suppress(BrokenPipeError, ConnectionResetError):
            connection.sendall(sent)
        return connection

    def ask(self, sent: bytes) -> bytes:
        """All that comes back until the service ends the connection."""
        received = b""
        with self.connect(sent) as connection, suppress(ConnectionResetError):
            while part := connection.recv(65_536):
                received += part
        return received

    def memory_bytes(self) -> int:
        """What it has of it."""
        return psutil.Process(self.service.pid).memory_info().rss


def statuses(received: bytes) -> list[bytes]:
    """Of all answers."""
    return [part[:3] for part in received.split(b"HTTP/1.1 ")[1:]]


@pytest.fixture(scope="module", params=KINDS, ids=lambda kind: kind.name)
def running(request: pytest.FixtureRequest, run_service_for_module: RunService) -> Running:
    """Each of the services."""
    return Running(request.param, run_service_for_module(request.param.name, RATE_LIMIT_PER_MIN=1_000_000))


@pytest.fixture
def clients() -> Iterator[ExitStack]:
    """Ends the connections that are entered into it."""
    with ExitStack() as stack:
        yield stack


def test_offer_of_another_protocol(running: Running) -> None:
    """An offer of HTTP/2 is ignored: the request keeps its body, and what follows it is answered, too."""

    def is_taken() -> bool:
        # A busy machine's servers may be too slow for what is asked.
        return statuses(running.ask(running.kind.post(*WISH) + get(HOST, CLOSE))) == [running.kind.status, b"200"]

    eventually(is_taken, "both answers")


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
def test_oversized_head(running: Running, sent: bytes) -> None:
    """It is refused with 431, or cut off where there is more to come, and nothing behind it is answered."""
    assert statuses(running.ask(sent + get(HOST, CLOSE))) in ([b"431"], [] if len(sent) > 100_000 else [b"431"])


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
def test_ambiguous_head(running: Running, sent: bytes) -> None:
    """What two servers in a row could read in two ways is refused, and nothing behind it is answered."""
    assert statuses(running.ask(sent + get(HOST, CLOSE))) == [b"400"]


def test_trailers_are_no_headers(running: Running) -> None:
    """They are dropped, and what follows them is answered."""
    chunked = get(HOST, b"Transfer-Encoding: chunked") + b"0\r\nHost: elsewhere\r\nX-A: b\r\n\r\n"
    assert statuses(running.ask(chunked + get(HOST, CLOSE))) == [b"200", b"200"]


def test_half_closed(running: Running, clients: ExitStack) -> None:
    """Who closes their side after the requests gets all answers."""
    connection = clients.enter_context(running.connect(get(HOST) * 3))
    connection.shutdown(socket.SHUT_WR)
    received = b""
    while part := connection.recv(65_536):
        received += part
    assert statuses(received) == [b"200"] * 3


def test_silent_connections(running: Running, clients: ExitStack) -> None:
    """As many as are allowed, and some more: whoever asks is served all the same, or told at once to come again."""
    for _ in range(running.kind.bounds.max_connections + 5):
        clients.enter_context(running.connect())
    expected = b"200" if running.kind.bounds.evicts_slow_clients else b"503"
    for _ in range(5):
        assert statuses(running.ask(get(HOST, CLOSE))) == [expected]
    clients.close()
    eventually(lambda: statuses(running.ask(get(HOST, CLOSE))) == [b"200"], "an answer after they have gone")


def test_requests_sent_ahead_by_who_never_reads(running: Running, clients: ExitStack) -> None:
    """Of 60 clients that ask for much again and again, and read nothing, little is held."""
    running.ask(get(HOST, CLOSE, path=b"/metrics"))
    before = running.memory_bytes()
    for _ in range(60):
        connection = clients.enter_context(running.connect())
        connection.settimeout(1)
        with suppress(TimeoutError, ConnectionResetError, BrokenPipeError):
            connection.sendall(get(HOST, path=b"/metrics") * 3_000)
    assert statuses(running.ask(get(HOST, CLOSE))) == [b"200"]
    assert running.memory_bytes() - before < 64 * 1_048_576


@pytest.fixture(scope="module")
def all_services(run_service_for_module: RunService) -> list[Running]:
    """The three of them side by side."""
    return [Running(kind, run_service_for_module(kind.name)) for kind in KINDS]


def is_ended(connection: socket.socket, trickle: bytes) -> bool:
    """Whether the service has ended the connection, on which it gets some more until then."""
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
def test_slow_client(all_services: list[Running], clients: ExitStack, part: str, trickle: bytes) -> None:
    """A head or a body that never comes to its end ends the connection, however it trickles."""
    sent = {kind.name: kind.post(b"X-A: b") for kind in KINDS}
    waiting = []
    for running in all_services:
        whole = sent[running.kind.name]
        begun = whole[: whole.index(b"X-A")] if part == "head" else whole.replace(b"Length: ", b"Length: 9")
        waiting.append(clients.enter_context(running.connect(begun)))
        waiting[-1].settimeout(0.2)
    for each in waiting:
        eventually(partial(is_ended, each, trickle), "the connection to be ended")
