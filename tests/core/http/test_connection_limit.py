"""Which connections are kept when more clients connect than are allowed."""

import json
import socket
from dataclasses import dataclass
from typing import Any

import pytest
from tests.fixtures.bare_server import BOUNDS, Serve
from tests.fixtures.waiting import DEADLINE_SECONDS, eventually, let_pass

from event_platform.core.http.connection_limit import slowest_client, waiting_for_client_since

ASK = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"
NEVER = ASK.replace(b"GET /", b"GET /never")
SLOW_BODY = b"POST /read HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n1"


def gets_response(connection: socket.socket) -> bool:
    """Return whether the connection gets a 200."""
    return connection.recv(65_536).startswith(b"HTTP/1.1 200 ")


@pytest.mark.parametrize("sent", [b"", b"GET / HT", SLOW_BODY, ASK, ASK.replace(b"/", b"/large", 1)])
def test_slow_client_makes_room(serve: Serve, sent: bytes) -> None:
    """However many clients are silent, slow, idle or do not read, a new one is served at once."""
    running = serve(max_connections=5, response_budget_bytes=1_000_000_000)
    for _ in range(12):
        running.connect(sent)
        assert gets_response(running.connect(ASK))
    assert len(running.connections) == 5


def test_slowest_client_makes_room(serve: Serve) -> None:
    """The connection that has waited for its client for longest is aborted, and no other."""
    running = serve(max_connections=3)
    first, second = running.connect(), running.connect()
    # The loop's clock counts in milliseconds.
    let_pass(0.01)
    third = running.connect()
    first.sendall(ASK)
    assert gets_response(first)
    fourth = running.connect()
    assert second.recv(1) == b""
    for each in (first, third, fourth):
        each.sendall(ASK)
        assert gets_response(each)


def test_client_that_waits_for_the_service_is_kept(serve: Serve) -> None:
    """If all connections wait for the service, a new one gets 503, and further ones are closed without a response."""
    running = serve(max_connections=3, max_refused_connections=2)
    working = [running.connect(NEVER) for _ in range(3)]
    eventually(lambda: len(running.server.server_state.tasks) == 3, "all requests to be running")
    for _ in range(4):
        head, _, body = running.connect(ASK).recv(65_536).partition(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 503 ")
        assert b"\r\nretry-after: 1" in head
        assert json.loads(body)["error"]["code"] == "UNAVAILABLE"
    assert len({each.client for each in running.connections} & {each.getsockname() for each in working}) == 3


def test_no_client_makes_room_if_new_ones_are_refused(serve: Serve) -> None:
    """A connection beyond the limit gets 503, further ones are closed, and the existing ones are kept."""
    running = serve(max_connections=3, max_refused_connections=2, evicts_slow_clients=False)
    there = [running.connect() for _ in range(5)]
    with socket.create_connection(running.address, DEADLINE_SECONDS) as one_too_many:
        assert one_too_many.recv(1) == b""
    there[4].sendall(ASK)
    assert there[4].recv(65_536).startswith(b"HTTP/1.1 503 ")
    for each in there[:3]:
        each.sendall(ASK)
        assert gets_response(each)


@dataclass
class FakeConnection:
    """The attributes of a protocol that the functions read."""

    deadline: float = 1_000.0
    cycle: Any = None
    in_head: bool = False
    in_message: bool = False
    pipeline: tuple[int, ...] = ()
    flow: Any = None
    bounds: Any = BOUNDS


@dataclass
class ResponseState:
    """The state of a request's cycle and flow control."""

    response_complete: bool = False
    write_paused: bool = False


BUSY, DONE, STUCK = ResponseState(), ResponseState(response_complete=True), ResponseState(write_paused=True)
LIMITS: Any = type(
    "Limits", (), {"head_seconds": 1, "body_seconds": 20, "response_seconds": 300, "idle_seconds": 4_000}
)


@pytest.mark.parametrize(
    ("connection", "since"),
    [
        (FakeConnection(), 999),
        (FakeConnection(in_head=True, in_message=True), 999),
        (FakeConnection(cycle=BUSY, in_message=True), 980),
        (FakeConnection(cycle=BUSY, flow=BUSY), None),
        (FakeConnection(cycle=BUSY, flow=STUCK), 700),
        (FakeConnection(cycle=DONE, in_message=True), 980),
        (FakeConnection(cycle=DONE), -3_000),
        (FakeConnection(cycle=DONE, in_head=True, in_message=True), 999),
        (FakeConnection(cycle=BUSY, in_head=True, in_message=True, flow=BUSY), None),
        (FakeConnection(cycle=BUSY, in_message=True, pipeline=(1,), flow=BUSY), None),
    ],
)
def test_since_when_a_connection_waits_for_its_client(connection: FakeConnection, since: float | None) -> None:
    """The deadline, which is set whenever the connection starts to wait for something else, tells since when."""
    connection.bounds = LIMITS
    assert waiting_for_client_since(connection) == since


def test_no_client_is_slow() -> None:
    """If every client waits for the service, none is the slowest."""
    assert slowest_client([FakeConnection(cycle=BUSY, flow=BUSY)]) is None
    assert slowest_client([]) is None
