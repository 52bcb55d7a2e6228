"""How answers leave."""

import asyncio
from typing import Any

import pytest
from starlette.types import ASGIApp, Receive, Scope, Send
from tests.fixtures.bare_server import BOUNDS

from event_platform.core.http import server

HEAD = b"POST /events HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n"
ANSWER = b"HTTP/1.1 202 Accepted\r\ncontent-length: 2\r\n\r\nok"


class Recording(asyncio.Transport):
    """Keeps each write apart, as the kernel would get it."""

    def __init__(self) -> None:
        super().__init__()
        self.writes: list[bytes] = []
        self.closed = False

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """Keep ``data``."""
        self.writes.append(bytes(data))

    def close(self) -> None:
        """Remember it."""
        self.closed = True

    def is_closing(self) -> bool:
        """Whether it was closed."""
        return self.closed

    def pause_reading(self) -> None:
        """Nothing is read here."""

    def resume_reading(self) -> None:
        """Nothing is read here."""


def application(headers: list[tuple[bytes, bytes]], *parts: bytes) -> ASGIApp:
    """Answers every request with ``parts`` of a body."""

    async def answer(_scope: Scope, receive: Receive, send: Send) -> None:
        await receive()
        await send({"type": "http.response.start", "status": 202, "headers": headers})
        for part in parts:
            await send({"type": "http.response.body", "body": part, "more_body": part is not parts[-1]})

    return answer


async def exchange(app: ASGIApp, *heads: bytes, date_header: bool = False) -> Recording:
    """Send requests with ``heads`` at once; where the answers went."""
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
def test_one_write(requests: int) -> None:
    """An answer is one write, in the order of the requests."""
    transport = asyncio.run(exchange(application([LENGTH], b"ok"), *[HEAD] * requests))
    assert transport.writes == [ANSWER] * requests
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
def test_other_answers(head: bytes, headers: list[tuple[bytes, bytes]], parts: tuple[bytes, ...]) -> None:
    """Answers that come in pieces, have no length or end the connection are framed as HTTP wants it."""
    transport = asyncio.run(exchange(application(headers, *parts), head))
    whole = b"".join(transport.writes)
    closing = b"close" in head or (b"connection", b"close") in headers
    assert transport.closed is closing
    assert (b"\r\nconnection: close\r\n" in whole) is closing
    assert whole.endswith(b"\r\n\r\nok" if headers else b"2\r\nok\r\n0\r\n\r\n")


def test_answer_with_the_time() -> None:
    """Where the server adds the time to answers, it is in each, and what they say of themselves is checked."""
    transport = asyncio.run(exchange(application([LENGTH], b"ok"), HEAD, date_header=True))
    whole = b"".join(transport.writes)
    assert b"\r\ndate: " in whole
    assert whole.endswith(b"\r\n\r\nok")
