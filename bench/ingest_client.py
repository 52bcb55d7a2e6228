"""Cheap HTTP connections: raw asyncio protocols, which parse only what they need.

A closed loop, in which each connection sends its next request after the last response, measures rate and CPU; an open
one, in which requests are due at fixed times whatever the responses, measures latency.
"""

import asyncio
import json
import time
import uuid
from collections import deque
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
_TICK_SECONDS = 0.001
_DRAIN_SECONDS = 0.3

MakeRequest = Callable[[], bytes]


@dataclass
class LoadResult:
    """Result of a run."""

    seconds: float = 0.0
    answers: int = 0
    rejected: int = 0
    latencies: list[float] = field(default_factory=list)

    def latency_ms(self, fraction: float) -> float:
        """Return the latency that this fraction of the responses did not exceed."""
        return 1_000 * sorted(self.latencies)[int(len(self.latencies) * fraction)]


def single_requests() -> MakeRequest:
    """Return a function that makes requests to POST /events with new keys."""
    head = (
        b"POST /events HTTP/1.1\r\nHost: bench\r\nX-API-Key: key_a\r\nContent-Type: application/json\r\n"
        b"Content-Length: %d\r\nIdempotency-Key: " % len(BODY)
    )
    prefix, tail = uuid.uuid4().hex.encode(), b"\r\n\r\n" + BODY
    numbers = iter(range(1 << 60))
    return lambda: b"%b%b-%d%b" % (head, prefix, next(numbers), tail)


def batch_requests(size: int) -> MakeRequest:
    """Return a function that makes requests to POST /events/batch with ``size`` new events."""
    prefix, numbers = uuid.uuid4().hex.encode(), iter(range(1 << 60))
    # One template, filled with numbers: the client shares the cores with what it measures.
    item = b'{"idempotency_key":"%b-%%016d","event":%b}' % (prefix, BODY)
    body = b'{"events":[%b]}' % b",".join([item] * size)
    length = len(body % ((0,) * size))
    head = (
        b"POST /events/batch HTTP/1.1\r\nHost: bench\r\nX-API-Key: key_a\r\nContent-Type: application/json\r\n"
        b"Content-Length: %d\r\n\r\n" % length
    )
    template = head + body
    return lambda: template % tuple(next(numbers) for _ in range(size))


class _Connection(asyncio.Protocol):
    """Sends one request at a time, and calls back when it is answered."""

    def __init__(self, found: LoadResult, answered: Callable[["_Connection"], None]) -> None:
        self._found = found
        self._answered = answered
        self._buffer = b""
        self._since = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport

    def send(self, request: bytes, since: float) -> None:
        """Send ``request``; its latency counts from ``since``."""
        self._since = since
        self._transport.write(request)  # type: ignore[attr-defined]  # a stream's transport

    def data_received(self, data: bytes) -> None:
        self._buffer = self._buffer + data if self._buffer else data
        head_end = self._buffer.find(b"\r\n\r\n")
        if head_end < 0:
            return
        head = self._buffer[:head_end].lower()
        length = int(head.partition(b"content-length: ")[2].partition(b"\r\n")[0])
        if len(self._buffer) < head_end + 4 + length:
            return
        accepted = head.startswith(b"http/1.1 202")
        self._buffer = b""
        self._found.answers += accepted
        self._found.rejected += not accepted
        self._found.latencies.append(time.perf_counter() - self._since)
        self._answered(self)


async def _connect(
    port: int, count: int, found: LoadResult, answered: Callable[[_Connection], None]
) -> list[_Connection]:
    loop = asyncio.get_running_loop()
    pairs = [
        await loop.create_connection(lambda: _Connection(found, answered), "127.0.0.1", port) for _ in range(count)
    ]
    return [connection for _, connection in pairs]


async def _closed(port: int, connections: int, seconds: float, make: MakeRequest) -> LoadResult:
    found, stopped = LoadResult(), asyncio.Event()

    def answered(connection: _Connection) -> None:
        if not stopped.is_set():
            connection.send(make(), time.perf_counter())

    for connection in await _connect(port, connections, found, answered):
        answered(connection)
    started = time.perf_counter()
    found.answers = found.rejected = 0
    await asyncio.sleep(seconds)
    result = LoadResult(time.perf_counter() - started, found.answers, found.rejected, list(found.latencies))
    stopped.set()
    await asyncio.sleep(_DRAIN_SECONDS)
    return result


async def _open(port: int, connections: int, seconds: float, make: MakeRequest, rate: float) -> LoadResult:
    found = LoadResult()
    due: deque[float] = deque()

    def answered(connection: _Connection) -> None:
        if due:
            connection.send(make(), due.popleft())
        else:
            idle.append(connection)

    idle = await _connect(port, connections, found, answered)
    started = time.perf_counter()
    scheduled = 0
    while (now := time.perf_counter() - started) < seconds:
        while scheduled < now * rate:
            due.append(started + scheduled / rate)
            scheduled += 1
        while due and idle:
            idle.pop().send(make(), due.popleft())
        await asyncio.sleep(_TICK_SECONDS)
    found.seconds = time.perf_counter() - started
    await asyncio.sleep(_DRAIN_SECONDS)
    return found


def run(port: int, connections: int, seconds: float, make: MakeRequest) -> LoadResult:
    """Load the service at ``port`` in a closed loop."""
    return uvloop.run(_closed(port, connections, seconds, make))


def run_open(port: int, seconds: float, make: MakeRequest, rate: float) -> LoadResult:
    """Send ``rate`` requests a second; latencies count from the time at which each was due."""
    return uvloop.run(_open(port, 256, seconds, make, rate))
