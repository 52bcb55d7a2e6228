"""How responses are written."""

import asyncio
from typing import Any

import httpx
import pytest
from starlette.types import ASGIApp, Receive, Scope, Send
from tests.fixtures.bare_server import BOUNDS, Serve
from tests.fixtures.waiting import DEADLINE_SECONDS

from event_platform.core.http import server

HEAD = b"POST /events HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n"
RESPONSE = b"HTTP/1.1 202 Accepted\r\ncontent-length: 2\r\n\r\nok"


class Recording(asyncio.Transport):
    """A transport that records every write as the kernel would get it."""

    def __init__(self) -> None:
        super().__init__()
        self.writes: list[bytes] = []
        self.closed = False

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """Record ``data``."""
        self.writes.append(bytes(data))

    def close(self) -> None:
        """Record that the transport was closed."""
        self.closed = True

    def is_closing(self) -> bool:
        """Return whether the transport was closed."""
        return self.closed

    def pause_reading(self) -> None:
        """Nothing is read here."""

    def resume_reading(self) -> None:
        """Nothing is read here."""


def application(headers: list[tuple[bytes, bytes]], *parts: bytes) -> ASGIApp:
    """Respond to every request with a body in ``parts``."""

    async def respond(_scope: Scope, receive: Receive, send: Send) -> None:
        await receive()
        await send({"type": "http.response.start", "status": 202, "headers": headers})
        for part in parts:
            await send({"type": "http.response.body", "body": part, "more_body": part is not parts[-1]})

    return respond


async def send_requests(app: ASGIApp, *heads: bytes, date_header: bool = False) -> Recording:
    """Send requests with ``heads`` at once, and return the transport with the responses."""
    made, transport = server.build(app, BOUNDS, date_header=date_header), Recording()
    made.config.load()
    await made.on_tick(0)
    make: Any = made.config.http_protocol_class
    protocol = make(config=made.config, server_state=made.server_state, app_state={})
    protocol.connection_made(transport)
    protocol.data_received(b"".join(head + b"\r\n{}" for head in heads))
    while protocol.tasks:
        await asyncio.wait(protocol.tasks)
    return transport


LENGTH = (b"content-length", b"2")


@pytest.mark.parametrize("requests", [1, 3])
def test_response_is_one_write(requests: int) -> None:
    """Each response is one write, in the order of the requests."""
    transport = asyncio.run(send_requests(application([LENGTH], b"ok"), *[HEAD] * requests))
    assert transport.writes == [RESPONSE] * requests
    assert not transport.closed


@pytest.mark.parametrize(
    ("head", "headers", "parts"),
    [
        (HEAD + b"Connection: close\r\n", [LENGTH], (b"ok",)),
        (HEAD, [LENGTH, (b"connection", b"close")], (b"ok",)),
        (HEAD, [LENGTH], (b"o", b"k")),
        (HEAD, [], (b"ok",)),
    ],
)
def test_responses_that_need_framing(head: bytes, headers: list[tuple[bytes, bytes]], parts: tuple[bytes, ...]) -> None:
    """A response in pieces, without a length, or that closes the connection is framed as HTTP demands."""
    transport = asyncio.run(send_requests(application(headers, *parts), head))
    whole = b"".join(transport.writes)
    closing = b"close" in head or (b"connection", b"close") in headers
    assert transport.closed is closing
    assert (b"\r\nconnection: close\r\n" in whole) is closing
    assert whole.endswith(b"\r\n\r\nok" if headers else b"2\r\nok\r\n0\r\n\r\n")


def test_response_with_a_date() -> None:
    """If the server adds a date, every response has one, written by uvicorn."""
    transport = asyncio.run(send_requests(application([LENGTH], b"ok"), HEAD, date_header=True))
    whole = b"".join(transport.writes)
    assert b"\r\ndate: " in whole
    assert whole.endswith(b"\r\n\r\nok")


VARIED = bytes(range(256)) * 4_000 + b"end"


async def respond_in_parts(scope: Any, _receive: Any, send: Any) -> None:  # noqa: ANN401 - ASGI's own types
    """Send two large parts and a small one; ``/length`` also sends their total length."""
    parts = [VARIED, VARIED, b"small"]
    length = [(b"content-length", b"%d" % sum(map(len, parts)))] if scope["path"] == "/length" else []
    await send({"type": "http.response.start", "status": 200, "headers": length})
    for part in parts:
        await send({"type": "http.response.body", "body": part, "more_body": True})
    await send({"type": "http.response.body"})


@pytest.mark.parametrize("path", ["/length", "/chunked"])
def test_portions_add_up_to_the_response(serve: Serve, path: str) -> None:
    """With either framing, no byte is missing, repeated or out of order, and the connection can be reused."""
    running = serve(respond_in_parts)
    host, port = running.address
    with httpx.Client(base_url=f"http://{host}:{port}", timeout=DEADLINE_SECONDS) as client:
        for _ in range(2):
            assert client.get(path).content == VARIED + VARIED + b"small"
        assert client.head(path).content == b""
    assert len({each.client for each in running.connections}) <= 1
