"""Collects operations of ``admission.lua`` and sends those of one event loop tick to Redis in one call.

A call that is already large is sent before the tick ends, so that Redis starts on it while the next batch is parsed.

Claim updates (confirm, release, mark unknown) are idempotent, so those whose call failed are kept for a while, up to a
bound, and sent again when Redis has recovered.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, Final

import hiredis

from event_platform.core.telemetry import get_logger
from event_platform.ingest import redis_errors
from event_platform.ingest.admission_script import Operation, are_answers
from event_platform.ingest.dependency_status import DependencyStatus
from event_platform.ingest.redis_client import RedisScriptClient, ScriptCall
from event_platform.ingest.redis_connection import RedisUnavailableError
from event_platform.ingest.shared_counters import Counters

LARGE_CALL: Final = 100
"""A call with this many operations is sent at once."""

MAX_UNSENT_UPDATES: Final = 10_000
UNSENT_UPDATE_SECONDS: Final = 60.0

log = get_logger(__name__)


class DataLostError(RedisUnavailableError):
    """Redis lost its data, or is another server; it executed nothing of the call, which may be repeated at once."""

    def __init__(self) -> None:
        super().__init__("admitting requests: Redis has lost its data", sent=False)


class _PendingCall:
    """Operations that go to Redis together, and the futures that wait for their answers.

    Claim updates go first: consecutive confirmations cost the script less, and requests of one tick have no order.
    """

    __slots__ = ("asked", "claim_updates", "has_source", "sent", "waiters")

    def __init__(self) -> None:
        self.claim_updates: list[Operation] = []
        self.asked: list[Operation] = []
        self.waiters: list[tuple[asyncio.Future[list[Any]], int]] = []
        self.sent: asyncio.Future[None] | None = None
        self.has_source = False

    @property
    def operation_count(self) -> int:
        return len(self.claim_updates) + len(self.asked)

    def keys_and_arguments(self) -> tuple[list[str], list[bytes | str | int]]:
        """Return both as ``admission.lua`` takes them, without the arguments that every call begins with."""
        keys: list[str] = []
        arguments: list[bytes | str | int] = []
        charged = None
        for operation in (*self.claim_updates, *self.asked):
            if operation.redis_key is not None:
                keys.append(operation.redis_key)
            if operation.charged is not None and operation.charged != charged:
                charged = operation.charged
                arguments += ("T", *charged)
            arguments.append(operation.argument)
        return keys, arguments


class AdmissionBatcher:
    """Sends the operations of a tick when it ends.

    Args:
        client: Calls the script.
        times_ms: TTL of a record and lease of a claim.
        status: Status of Redis.
        counters: Counts calls and their operations.
        on_data_lost: Called when Redis has lost its data while it was connected.
    """

    def __init__(
        self,
        client: RedisScriptClient,
        times_ms: tuple[int, int],
        status: DependencyStatus,
        counters: Counters,
        on_data_lost: Callable[[], None] = lambda: None,
    ) -> None:
        self._client = client
        self._times_ms = times_ms
        self._status = status
        self._counters = counters
        self._loop = asyncio.get_running_loop()
        self._open: _PendingCall | None = None
        self._on_data_lost = on_data_lost
        self._epoch = ""
        self._unsent_updates: deque[tuple[float, Operation]] = deque(maxlen=MAX_UNSENT_UPDATES)

    def submit(self, operations: Sequence[Operation]) -> "asyncio.Future[list[Any]]":
        """Return the script's answer to each of ``operations``, all of which go into one call.

        The future fails with `RedisUnavailableError` where Redis does not answer: it may have executed them or not. It
        fails with `DataLostError` where it has not, and they can be submitted once more.
        """
        call = self._open_call()
        call.asked += operations
        future: asyncio.Future[list[Any]] = self._loop.create_future()
        call.waiters.append((future, len(operations)))
        self._send_if_large(call)
        return future

    def update_claims(self, operations: Sequence[Operation]) -> "asyncio.Future[None]":
        """Send ``operations``, which have no answer; the future is done when they are sent."""
        call = self._open_call()
        call.claim_updates += operations
        if call.sent is None:
            call.sent = self._loop.create_future()
        self._send_if_large(call)
        return call.sent

    def resend_claim_updates(self) -> None:
        """Send claim updates whose call failed once more, if Redis has recovered."""
        if not self._unsent_updates or not self._status.is_up:
            return
        now = self._loop.time()
        unexpired = [operation for expires, operation in self._unsent_updates if expires > now]
        self._unsent_updates.clear()
        if unexpired:
            self.update_claims(unexpired)

    def _open_call(self) -> _PendingCall:
        if self._open is None:
            self._open = _PendingCall()
            self._loop.call_soon(self._send)
        return self._open

    def _send_if_large(self, call: _PendingCall) -> None:
        if call.operation_count >= LARGE_CALL:
            self._send()

    def _send(self) -> None:
        call, self._open = self._open, None
        if call is None:
            return
        self._counters.redis_call_sent(call.operation_count)
        reply = self._client.call(*self._command(call))
        reply.add_done_callback(partial(self._finish, call, self._loop.time()))
        if call.sent is not None:
            call.sent.set_result(None)

    def _command(self, call: _PendingCall) -> ScriptCall:
        keys, arguments = call.keys_and_arguments()
        return keys, [*self._times_ms, len(arguments) + 4, f"E{self._epoch}", *arguments]

    def _finish(self, call: _PendingCall, started: float, reply: "asyncio.Future[Any]") -> None:
        self._counters.redis_call_finished(self._loop.time() - started)
        error = reply.exception()
        if error is not None:
            sent = not isinstance(error, RedisUnavailableError) or error.sent
            self._fail(call, partial(RedisUnavailableError, f"admitting requests: {error}", sent=sent))
        elif isinstance(answers := reply.result(), hiredis.ReplyError):
            self._finish_error(call, started, answers)
        elif are_answers(answers, len(call.asked)):
            self._resolve(call, answers)
        else:
            self._fail_as_outage(call, "the reply is not one of the admission script")

    def _finish_error(self, call: _PendingCall, started: float, error: hiredis.ReplyError) -> None:
        code, message = redis_errors.error_code(error), redis_errors.error_message(error)
        if code == redis_errors.NO_SCRIPT and not call.has_source:
            # Redis was flushed and executed nothing of the call.
            call.has_source = True
            reply = self._client.call_with_source(*self._command(call))
            reply.add_done_callback(partial(self._finish, call, started))
        elif code == redis_errors.DATA_LOST:
            self._set_epoch(message.removeprefix(code).strip())
            self._fail(call, DataLostError)
        else:
            self._fail_as_outage(call, message)

    def _set_epoch(self, epoch: str) -> None:
        """Name the data that further calls are for; the first epoch after the start is no loss."""
        if self._epoch and epoch != self._epoch:
            log.warning("redis data lost; limiting by the counts of this service")
            self._on_data_lost()
        self._epoch = epoch

    def _fail_as_outage(self, call: _PendingCall, reason: str) -> None:
        self._client.hold_down(reason)
        self._fail(call, partial(RedisUnavailableError, f"admitting requests: {reason}", sent=True))

    def _resolve(self, call: _PendingCall, answers: list[Any]) -> None:
        start = 0
        for future, count in call.waiters:
            if not future.done():
                future.set_result(answers[start : start + count])
            start += count

    def _fail(self, call: _PendingCall, make_error: Callable[[], RedisUnavailableError]) -> None:
        expires = self._loop.time() + UNSENT_UPDATE_SECONDS
        self._unsent_updates.extend((expires, operation) for operation in call.claim_updates)
        for future, _ in call.waiters:
            if not future.done():
                future.set_exception(make_error())
