"""Sends requests without waiting for each other's answers, and notes how each ended."""

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from event_platform.loadgen.recording.attempt_result import NO_CONNECTION_IN_TIME, TIMED_OUT, UNREACHABLE, Ended
from event_platform.loadgen.sending import request_encoder
from event_platform.loadgen.sending.connection import Connection
from event_platform.loadgen.sending.connection_pool import Pool
from event_platform.loadgen.sending.result_handler import Again, Settlement
from event_platform.loadgen.traffic.plan import Request

Clock = Callable[[], float]
"""Seconds; only differences count."""


@dataclass(frozen=True)
class Manner:
    """How to send.

    Attributes:
        timeout_seconds: For an attempt, the wait for a connection included.
        connections: The most that are open at once.
        retries: Whether to send again as a good producer does.
        as_batches: Whether events go to ``/events/batch``.
    """

    timeout_seconds: float = 10.0
    connections: int = 500
    retries: bool = False
    as_batches: bool = False


@dataclass(slots=True, eq=False)
class _Exchange:
    """One attempt."""

    request: Request
    intended: float
    begun: float
    attempt: int = 1
    written: float = 0.0
    connection: Connection | None = None
    over: bool = False


class Sender:
    """Has any number of requests under way; `drained` waits for all of them."""

    def __init__(self, target: request_encoder.Target, manner: Manner, settlement: Settlement, clock: Clock) -> None:
        self._manner = manner
        self._settlement = settlement
        self._clock = clock
        self._wire = request_encoder.Wire(target)
        self._pool = Pool(target, manner.connections, self._on_free, self._on_unreachable)
        self._waiting: deque[_Exchange] = deque()
        self._by_age: deque[_Exchange] = deque()
        self._pauses: dict[_Exchange, tuple[asyncio.TimerHandle, Again]] = {}
        self._under_way = 0
        self._idle = asyncio.Event()

    def launch(self, request: Request, intended: float) -> None:
        """Start a request now that was to start at ``intended``; one that is too late by far is dropped."""
        now = self._clock()
        if now - intended > self._manner.timeout_seconds:
            self._settlement.tally.dropped += len(request.events)
            return
        self._settlement.tally.start(now - intended)
        self._under_way += 1
        self._begin(_Exchange(request, intended, now))

    def expire(self) -> None:
        """End the attempts that have lasted too long."""
        latest = self._clock() - self._manner.timeout_seconds
        while self._by_age and (self._by_age[0].over or self._by_age[0].begun <= latest):
            self._give_up(self._by_age.popleft())

    async def drained(self) -> None:
        """Return when every request has its end."""
        while self._under_way:
            self._idle.clear()
            await self._idle.wait()

    def stop_retrying(self) -> None:
        """Whatever pauses before another attempt ends as its last one did."""
        self._settlement.stop_retrying()
        for exchange, (timer, again) in self._pauses.items():
            timer.cancel()
            self._settlement.give_up(again, self._clock() - exchange.intended)
        self._count_down(len(self._pauses))
        self._pauses.clear()

    def cut_off(self) -> None:
        """End everything that is under way now, unanswered."""
        self.stop_retrying()
        for exchange in tuple(self._by_age):
            self._give_up(exchange)

    async def close(self) -> None:
        """Close all connections."""
        await self._pool.close()

    def _begin(self, exchange: _Exchange) -> None:
        self._by_age.append(exchange)
        connection = self._pool.take()
        if connection:
            self._write(exchange, connection)
            return
        self._waiting.append(exchange)
        self._settlement.tally.waited += not self._pool.open_for(len(self._waiting))

    def _write(self, exchange: _Exchange, connection: Connection) -> None:
        exchange.connection = connection
        exchange.written = self._clock()
        data = self._wire.write(exchange.request, as_batch=self._manner.as_batches)
        connection.send(data, partial(self._on_end, exchange))

    def _on_free(self, connection: Connection) -> None:
        exchange = self._next_waiting()
        if exchange:
            self._write(exchange, connection)
        else:
            self._pool.give_back(connection)

    def _on_unreachable(self) -> None:
        exchange = self._next_waiting()
        if exchange:
            self._on_end(exchange, UNREACHABLE)

    def _next_waiting(self) -> _Exchange | None:
        while self._waiting:
            exchange = self._waiting.popleft()
            if not exchange.over:
                return exchange
        return None

    def _give_up(self, exchange: _Exchange) -> None:
        if exchange.over:
            return
        if exchange.connection is None:
            self._on_end(exchange, NO_CONNECTION_IN_TIME)
        else:
            exchange.connection.abort(TIMED_OUT)

    def _on_end(self, exchange: _Exchange, end: request_encoder.Answer | Ended) -> None:
        exchange.over = True
        now = self._clock()
        if isinstance(end, request_encoder.Answer):
            self._settlement.tally.service.record(now - exchange.written)
            ends = request_encoder.read(end, exchange.request)
        else:
            ends = [end] * len(exchange.request.events)
        latency_seconds = now - exchange.intended
        again = self._settlement.settle(exchange.request.events, ends, exchange.attempt, latency_seconds)
        if again.unsettled:
            self._pause(exchange, again)
        else:
            self._count_down(1)

    def _count_down(self, ended: int) -> None:
        self._under_way -= ended
        if not self._under_way:
            self._idle.set()

    def _pause(self, exchange: _Exchange, again: Again) -> None:
        timer = asyncio.get_running_loop().call_later(again.pause_seconds, self._retry, exchange, again)
        self._pauses[exchange] = (timer, again)

    def _retry(self, exchange: _Exchange, again: Again) -> None:
        del self._pauses[exchange]
        self._settlement.tally.retries += 1
        request = Request(exchange.request.at, again.events)
        self._begin(_Exchange(request, exchange.intended, self._clock(), exchange.attempt + 1))
