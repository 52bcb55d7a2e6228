"""Who is served where more connect than are allowed."""

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


def is_answered(connection: socket.socket) -> bool:
    """Whether it gets a 200."""
    return connection.recv(65_536).startswith(b"HTTP/1.1 200 ")


@pytest.mark.parametrize("sent", [b"", b"GET / HT", SLOW_BODY, ASK, ASK.replace(b"/", b"/large", 1)])
def test_who_is_waited_for_gives_way(serve: Serve, sent: bytes) -> None:
    """However many are silent, slow, idle or do not read: a new client is served, at once and each time."""
    running = serve(max_connections=5, response_budget_bytes=1_000_000_000)
    for _ in range(12):
        running.connect(sent)
        assert is_answered(running.connect(ASK))
    assert len(running.connections) == 5


def test_the_longest_gives_way(serve: Serve) -> None:
    """It is the one that has been waited for longest; the others go on."""
    running = serve(max_connections=3)
    first, second = running.connect(), running.connect()
    # The loop's clock counts in milliseconds.
    let_pass(0.01)
    third = running.connect()
    first.sendall(ASK)
    assert is_answered(first)
    fourth = running.connect()
    assert second.recv(1) == b""
    for each in (first, third, fourth):
        each.sendall(ASK)
        assert is_answered(each)


def test_who_waits_for_us_is_not_cut_off(serve: Serve) -> None:
    """Where all are at work a new one is told so, and far too many are cut off without a word."""
    running = serve(max_connections=3, max_refused_connections=2)
    working = [running.connect(NEVER) for _ in range(3)]
    eventually(lambda: len(running.server.server_state.tasks) == 3, "all to be at work")
    for _ in range(4):
        head, _, body = running.connect(ASK).recv(65_536).partition(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 503 ")
        assert b"\r\nretry-after: 1" in head
        assert json.loads(body)["error"]["code"] == "UNAVAILABLE"
    assert len({each.client for each in running.connections} & {each.getsockname() for each in working}) == 3


def test_nobody_gives_way_where_new_ones_are_refused(serve: Serve) -> None:
    """One too many is told so, those far beyond are cut off, and none of those who were there."""
    running = serve(max_connections=3, max_refused_connections=2, evicts_slow_clients=False)
    there = [running.connect() for _ in range(5)]
    with socket.create_connection(running.address, DEADLINE_SECONDS) as one_too_many:
        assert one_too_many.recv(1) == b""
    there[4].sendall(ASK)
    assert there[4].recv(65_536).startswith(b"HTTP/1.1 503 ")
    for each in there[:3]:
        each.sendall(ASK)
        assert is_answered(each)


@dataclass
class Connection:
    """As a protocol has it."""

    deadline: float = 1_000.0
    cycle: Any = None
    in_head: bool = False
    in_message: bool = False
    pipeline: tuple[int, ...] = ()
    flow: Any = None
    bounds: Any = BOUNDS


@dataclass
class State:
    """Of a request and of its answer."""

    response_complete: bool = False
    write_paused: bool = False


BUSY, DONE, STUCK = State(), State(response_complete=True), State(write_paused=True)
LIMITS: Any = type(
    "Limits", (), {"head_seconds": 1, "body_seconds": 20, "response_seconds": 300, "idle_seconds": 4_000}
)


@pytest.mark.parametrize(
    ("connection", "since"),
    [
        (Connection(), 999),
        (Connection(in_head=True, in_message=True), 999),
        (Connection(cycle=BUSY, in_message=True), 980),
        (Connection(cycle=BUSY, flow=BUSY), None),
        (Connection(cycle=BUSY, flow=STUCK), 700),
        (Connection(cycle=DONE, in_message=True), 980),
        (Connection(cycle=DONE), -3_000),
        (Connection(cycle=DONE, in_head=True, in_message=True), 999),
        (Connection(cycle=BUSY, in_head=True, in_message=True, flow=BUSY), None),
        (Connection(cycle=BUSY, in_message=True, pipeline=(1,), flow=BUSY), None),
    ],
)
def test_since_when_a_client_is_waited_for(connection: Connection, since: float | None) -> None:
    """By its deadline, which is set whenever something else is waited for."""
    connection.bounds = LIMITS
    assert waiting_for_client_since(connection) == since


def test_nobody_is_waited_for() -> None:
    """Then nobody has been for longest."""
    assert slowest_client([Connection(cycle=BUSY, flow=BUSY)]) is None
    assert slowest_client([]) is None
