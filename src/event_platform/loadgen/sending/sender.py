"""The requests in flight: starts each without waiting for the answers of others, times out, retries."""

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from event_platform.loadgen.recording.attempt_result import (
    NO_CONNECTION_IN_TIME,
    TIMED_OUT,
    UNREACHABLE,
    AttemptResult,
)
from event_platform.loadgen.sending.connection import HttpConnection
from event_platform.loadgen.sending.connection_pool import ConnectionPool
from event_platform.loadgen.sending.request_encoder import RequestEncoder
from event_platform.loadgen.sending.response_decoder import HttpResponse, decode_results
from event_platform.loadgen.sending.result_handler import PendingRetry, ResultHandler
from event_platform.loadgen.sending.run_config import SendOptions
from event_platform.loadgen.sending.target import Target
from event_platform.loadgen.traffic.events import Request

Clock = Callable[[], float]
"""Returns seconds; only differences count."""


@dataclass(slots=True, eq=False)
class _InFlightAttempt:
    """One attempt to send a request.

    Attributes:
        intended: When the first attempt was to start.
        begun: When this attempt began.
        number: From 1.
        written: When it was written to ``connection``.
    """

    request: Request
    intended: float
    begun: float
    number: int = 1
    written: float = 0.0
    connection: HttpConnection | None = None
    completed: bool = False


class Sender:
    """Has any number of requests in flight; `wait_until_idle` waits for all of them."""

    def __init__(self, target: Target, options: SendOptions, result_handler: ResultHandler, clock: Clock) -> None:
        self._options = options
        self._result_handler = result_handler
        self._clock = clock
        self._encoder = RequestEncoder(target)
        self._pool = ConnectionPool(target, options.connections, self._on_free, self._on_connect_failed)
        self._waiting: deque[_InFlightAttempt] = deque()
        self._by_age: deque[_InFlightAttempt] = deque()
        self._retry_timers: dict[_InFlightAttempt, tuple[asyncio.TimerHandle, PendingRetry]] = {}
        self._in_flight = 0
        self._idle = asyncio.Event()

    def start(self, request: Request, intended: float) -> None:
        """Start a request that was due at ``intended``; drop it if it is late by more than the time-out."""
        now = self._clock()
        if now - intended > self._options.timeout_seconds:
            self._result_handler.counters.dropped += len(request.events)
            return
        self._result_handler.counters.record_start(now - intended)
        self._in_flight += 1
        self._begin(_InFlightAttempt(request, intended, now))

    def expire(self) -> None:
        """Time out the attempts that have lasted too long."""
        latest = self._clock() - self._options.timeout_seconds
        while self._by_age and (self._by_age[0].completed or self._by_age[0].begun <= latest):
            self._time_out(self._by_age.popleft())

    async def wait_until_idle(self) -> None:
        """Return when every request has its final result."""
        while self._in_flight:
            self._idle.clear()
            await self._idle.wait()

    def stop_retrying(self) -> None:
        """Cancel pending retries, so that the results of their last attempts become final."""
        self._result_handler.stop_retrying()
        for attempt, (timer, pending) in self._retry_timers.items():
            timer.cancel()
            self._result_handler.give_up(pending, self._clock() - attempt.intended)
        self._finish(len(self._retry_timers))
        self._retry_timers.clear()

    def abort_all(self) -> None:
        """End everything in flight now, without answers."""
        self.stop_retrying()
        for attempt in tuple(self._by_age):
            self._time_out(attempt)

    async def close(self) -> None:
        """Close all connections."""
        await self._pool.close()

    def _begin(self, attempt: _InFlightAttempt) -> None:
        self._by_age.append(attempt)
        connection = self._pool.acquire()
        if connection:
            self._write(attempt, connection)
            return
        self._waiting.append(attempt)
        self._result_handler.counters.waited += not self._pool.connect_for(len(self._waiting))

    def _write(self, attempt: _InFlightAttempt, connection: HttpConnection) -> None:
        attempt.connection = connection
        attempt.written = self._clock()
        data = self._encoder.encode(attempt.request, as_batch=self._options.as_batches)
        connection.send(data, partial(self._on_completed, attempt))

    def _on_free(self, connection: HttpConnection) -> None:
        attempt = self._next_waiting()
        if attempt:
            self._write(attempt, connection)
        else:
            self._pool.release(connection)

    def _on_connect_failed(self) -> None:
        attempt = self._next_waiting()
        if attempt:
            self._on_completed(attempt, UNREACHABLE)

    def _next_waiting(self) -> _InFlightAttempt | None:
        while self._waiting:
            attempt = self._waiting.popleft()
            if not attempt.completed:
                return attempt
        return None

    def _time_out(self, attempt: _InFlightAttempt) -> None:
        if attempt.completed:
            return
        if attempt.connection is None:
            self._on_completed(attempt, NO_CONNECTION_IN_TIME)
        else:
            attempt.connection.abort(TIMED_OUT)

    def _on_completed(self, attempt: _InFlightAttempt, outcome: HttpResponse | AttemptResult) -> None:
        attempt.completed = True
        now = self._clock()
        events = attempt.request.events
        if isinstance(outcome, HttpResponse):
            self._result_handler.counters.service_time.record(now - attempt.written)
            results = decode_results(outcome, attempt.request)
        else:
            results = [outcome] * len(events)
        pending = self._result_handler.handle(events, results, attempt.number, now - attempt.intended)
        if pending:
            self._schedule_retry(attempt, pending)
        else:
            self._finish(1)

    def _finish(self, requests: int) -> None:
        self._in_flight -= requests
        if not self._in_flight:
            self._idle.set()

    def _schedule_retry(self, attempt: _InFlightAttempt, pending: PendingRetry) -> None:
        timer = asyncio.get_running_loop().call_later(pending.delay_seconds, self._retry, attempt, pending)
        self._retry_timers[attempt] = (timer, pending)

    def _retry(self, attempt: _InFlightAttempt, pending: PendingRetry) -> None:
        del self._retry_timers[attempt]
        self._result_handler.counters.retries += 1
        request = Request(attempt.request.start_seconds, pending.events)
        self._begin(_InFlightAttempt(request, attempt.intended, self._clock(), attempt.number + 1))
