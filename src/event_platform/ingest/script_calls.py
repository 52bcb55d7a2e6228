"""Gathers operations of ``admission.lua`` and sends them to Redis at the end of the event loop's tick, in one call.

A call that is large already is not kept until then: Redis may as well begin with it while the next batch is parsed.

Settlements (confirm, release, leave unknown) can be repeated without harm, so those whose call failed are kept for a
while, up to a bound, and sent again when Redis is back.
"""

import asyncio
from collections import deque
from collections.abc import Sequence
from functools import partial
from importlib import resources
from typing import Any, Final

import hiredis
import msgspec

from event_platform.core.telemetry import get_logger
from event_platform.ingest.redis_connection import RedisAwayError
from event_platform.ingest.redis_link import RedisLink
from event_platform.ingest.standing import Standing
from event_platform.ingest.tally import Tally

SCRIPT: Final = resources.files(__package__).joinpath("admission.lua").read_text("utf-8")
LARGE_CALL: Final = 100
"""Operations with which a call leaves at once."""

MAX_UNSETTLED: Final = 10_000
UNSETTLED_SECONDS: Final = 60.0
DISTRUST_SECONDS: Final = 1.0
"""For so long after it refused a call Redis counts as down, so that its standing does not change with every call."""

log = get_logger(__name__)


class Operation(msgspec.Struct, frozen=True, gc=False):
    """One operation of the script.

    Attributes:
        record_key: The record that it names, if any.
        argument: As ``admission.lua`` lists them.
        charged: Tenant and limit, where it costs quota.
    """

    record_key: str | None
    argument: bytes | str
    charged: tuple[str, int] | None = None


class _Call:
    """Operations that go to Redis together, and who waits for what of them.

    Settlements go first: many confirmations in a row cost the script less, and between requests of one tick there is no
    order to keep.
    """

    __slots__ = ("asked", "asking", "sent", "settlements")

    def __init__(self) -> None:
        self.settlements: list[Operation] = []
        self.asked: list[Operation] = []
        self.asking: list[tuple[asyncio.Future[list[Any]], int]] = []
        self.sent: asyncio.Future[None] | None = None

    @property
    def operations(self) -> int:
        """How many it carries."""
        return len(self.settlements) + len(self.asked)

    def keys_and_arguments(self) -> tuple[list[str], list[bytes | str | int]]:
        """Both as `admission.lua` wants them, without the arguments that are the same in every call."""
        keys: list[str] = []
        arguments: list[bytes | str | int] = []
        charged = None
        for operation in (*self.settlements, *self.asked):
            if operation.record_key is not None:
                keys.append(operation.record_key)
            if operation.charged is not None and operation.charged != charged:
                charged = operation.charged
                arguments += ("T", *charged)
            arguments.append(operation.argument)
        return keys, arguments


class ScriptCalls:
    """Sends what was gathered when the tick ends.

    Args:
        link: The way to Redis.
        times: TTL of a record and lease of a claim, both in milliseconds.
        standing: Told when Redis answers with an error, or well again.
        tally: Counts calls and their operations.
    """

    def __init__(self, link: RedisLink, times: tuple[int, int], standing: Standing, tally: Tally) -> None:
        self._link = link
        self._times = times
        self._standing = standing
        self._tally = tally
        self._loop = asyncio.get_running_loop()
        self._gathered: _Call | None = None
        self._refused_at = -DISTRUST_SECONDS
        self._unsettled: deque[tuple[float, Operation]] = deque(maxlen=MAX_UNSETTLED)

    def ask(self, operations: Sequence[Operation]) -> "asyncio.Future[list[Any]]":
        """The script's answer to each of ``operations``, all in one call.

        The future fails with `RedisAwayError` where there is none; then they may or may not have happened.
        """
        call = self._open_call()
        call.asked += operations
        future: asyncio.Future[list[Any]] = self._loop.create_future()
        call.asking.append((future, len(operations)))
        self._send_if_large(call)
        return future

    def settle(self, operations: Sequence[Operation]) -> "asyncio.Future[None]":
        """Send ``operations``, which have no answer; the future is done when they are on their way."""
        call = self._open_call()
        call.settlements += operations
        if call.sent is None:
            call.sent = self._loop.create_future()
        self._send_if_large(call)
        return call.sent

    def resend(self) -> None:
        """Send settlements whose call failed once more, if Redis is back."""
        if not self._unsettled or not self._standing.up:
            return
        now = self._loop.time()
        waiting = [operation for expires, operation in self._unsettled if expires > now]
        self._unsettled.clear()
        if waiting:
            self.settle(waiting)

    def _open_call(self) -> _Call:
        if self._gathered is None:
            self._gathered = _Call()
            self._loop.call_soon(self._send)
        return self._gathered

    def _send_if_large(self, call: _Call) -> None:
        if call.operations >= LARGE_CALL:
            self._send()

    def _send(self) -> None:
        call, self._gathered = self._gathered, None
        if call is None:
            return
        self._tally.redis_call(call.operations)
        reply = self._link.call(*self._command(call))
        reply.add_done_callback(partial(self._finish, call, self._loop.time()))
        if call.sent is not None:
            call.sent.set_result(None)

    def _command(self, call: _Call) -> tuple[list[str], list[bytes | str | int]]:
        keys, arguments = call.keys_and_arguments()
        return keys, [*self._times, len(arguments) + 3, *arguments]

    def _finish(self, call: _Call, started: float, reply: "asyncio.Future[Any]") -> None:
        self._tally.redis_seconds(self._loop.time() - started)
        error = reply.exception() or (reply.result() if isinstance(reply.result(), hiredis.ReplyError) else None)
        if error is None:
            if not self._standing.up and self._loop.time() - self._refused_at > DISTRUST_SECONDS:
                self._standing.rise()
            self._hand_out(call, reply.result())
        elif str(error).startswith("NOSCRIPT"):
            # Redis was flushed; nothing of the call has happened.
            again = self._link.call_with_text(*self._command(call))
            again.add_done_callback(partial(self._finish, call, started))
        else:
            self._fail(call, error)

    def _hand_out(self, call: _Call, answers: list[Any]) -> None:
        start = 0
        for future, count in call.asking:
            if not future.done():
                future.set_result(answers[start : start + count])
            start += count

    def _fail(self, call: _Call, error: BaseException) -> None:
        if isinstance(error, hiredis.ReplyError):
            self._refused_at = self._loop.time()
            self._standing.fall(f"Redis refuses the admission script: {error}")
        expires = self._loop.time() + UNSETTLED_SECONDS
        self._unsettled.extend((expires, operation) for operation in call.settlements)
        sent = not isinstance(error, RedisAwayError) or error.sent
        for future, _ in call.asking:
            if not future.done():
                future.set_exception(RedisAwayError(f"admitting requests: {error}", sent=sent))
