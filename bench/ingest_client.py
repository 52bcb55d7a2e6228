"""A closed loop of HTTP connections that costs little: each sends its next request when the last is answered."""

import asyncio
import json
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field

import uvloop

_EVENT = {
    "event_id": "evt_0123456789",
    "event_type": "order.created",
    "schema_version": 1,
    "occurred_at": "2026-01-31T12:00:00Z",
    "payload": {"order_id": "4711", "amount": 12.5, "items": [{"sku": "x1", "qty": 2}], "note": "some text to carry"},
}
BODY = json.dumps(_EVENT).encode()


@dataclass
class Found:
    """What a run measured."""

    seconds: float = 0.0
    answers: int = 0
    refused: int = 0
    latencies: list[float] = field(default_factory=list)


def single_requests() -> Callable[[], bytes]:
    """Makes requests to POST /events with keys of their own."""
    head = (
        b"POST /events HTTP/1.1\r\nHost: bench\r\nX-API-Key: key_a\r\nContent-Type: application/json\r\n"
        b"Content-Length: %d\r\nIdempotency-Key: " % len(BODY)
    )
    prefix, tail = uuid.uuid4().hex.encode(), b"\r\n\r\n" + BODY
    numbers = iter(range(1 << 60))
    return lambda: b"%b%b-%d%b" % (head, prefix, next(numbers), tail)


def batch_requests(size: int) -> Callable[[], bytes]:
    """Makes requests to POST /events/batch with so many new events."""
    prefix, numbers = uuid.uuid4().hex.encode(), iter(range(1 << 60))

    def make() -> bytes:
        items = b",".join(
            b'{"idempotency_key":"%b-%d","event":%b}' % (prefix, next(numbers), BODY) for _ in range(size)
        )
        body = b'{"events":[%b]}' % items
        return (
            b"POST /events/batch HTTP/1.1\r\nHost: bench\r\nX-API-Key: key_a\r\nContent-Type: application/json\r\n"
            b"Content-Length: %d\r\n\r\n%b" % (len(body), body)
        )

    return make


class _Connection(asyncio.Protocol):
    def __init__(self, make: Callable[[], bytes], found: Found, pause_seconds: float) -> None:
        self._make = make
        self._found = found
        self._pause_seconds = pause_seconds
        self._buffer = b""
        self._sent_at = 0.0
        self.stopped = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport
        self._send()

    def _send(self) -> None:
        self._sent_at = time.perf_counter()
        self._transport.write(self._make())  # type: ignore[attr-defined]  # a stream's transport

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        head_end = self._buffer.find(b"\r\n\r\n")
        if head_end < 0:
            return
        head = self._buffer[:head_end].lower()
        length = int(head.partition(b"content-length:")[2].partition(b"\r\n")[0])
        if len(self._buffer) < head_end + 4 + length:
            return
        self._note(head.startswith(b"http/1.1 202"))
        self._buffer = b""
        if self.stopped:
            return
        if self._pause_seconds:
            asyncio.get_running_loop().call_later(self._pause_seconds, self._send)
        else:
            self._send()

    def _note(self, accepted: bool) -> None:  # noqa: FBT001 - what the status said
        self._found.answers += accepted
        self._found.refused += not accepted
        self._found.latencies.append(time.perf_counter() - self._sent_at)


async def _run(port: int, connections: int, seconds: float, make: Callable[[], bytes], pause_seconds: float) -> Found:
    loop, found = asyncio.get_running_loop(), Found()
    open_ones = [
        (await loop.create_connection(lambda: _Connection(make, found, pause_seconds), "127.0.0.1", port))[1]
        for _ in range(connections)
    ]
    started = time.perf_counter()
    found.answers = found.refused = 0
    await asyncio.sleep(seconds)
    found.seconds = time.perf_counter() - started
    for one in open_ones:
        one.stopped = True
    result = Found(found.seconds, found.answers, found.refused, list(found.latencies))
    await asyncio.sleep(0.2)
    return result


def run(port: int, connections: int, seconds: float, make: Callable[[], bytes], pause_seconds: float = 0.0) -> Found:
    """Load the service at ``port``; each connection pauses for so long between two requests."""
    return uvloop.run(_run(port, connections, seconds, make, pause_seconds))
