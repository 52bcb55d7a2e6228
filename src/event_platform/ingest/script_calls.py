"""Gathers operations of ``admission.lua`` and sends them to Redis at the end of the event loop's tick, in one call.

A call that is large already is not kept until then: Redis may as well begin with it while the next batch is parsed.

Settlements (confirm, release, leave unknown) can be repeated without harm, so those whose call failed are kept for a
while, up to a bound, and sent again when Redis is back.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from functools import partial
from importlib import resources
from typing import Any, Final

import hiredis
import msgspec

from event_platform.core.telemetry import get_logger
from event_platform.ingest import redis_errors
from event_platform.ingest.redis_connection import RedisAwayError
from event_platform.ingest.redis_link import RedisLink, ScriptCall
from event_platform.ingest.standing import Standing
from event_platform.ingest.tally import Tally

SCRIPT: Final = resources.files(__package__).joinpath("admission.lua").read_text("utf-8")
LARGE_CALL: Final = 100
"""Operations with which a call leaves at once."""

MAX_UNSETTLED: Final = 10_000
UNSETTLED_SECONDS: Final = 60.0

_ANSWER_TYPES: Final = frozenset({int, list})
_NOBODY: Final = "-" * 36
_PROBE_OPERATIONS: Final = ("T", "~probe", 1_000_000, f"C{_NOBODY}{'-' * 59}", f"R{_NOBODY}", f"R{_NOBODY}")
PROBE: Final[ScriptCall] = (
    ("ingest:probe", "ingest:probe", "ingest:probe:other"),
    (10_000, 10_000, len(_PROBE_OPERATIONS) + 3, *_PROBE_OPERATIONS),
)
"""Writes what an event writes, for a tenant that cannot be, and forgets its claim; then reads a key of another slot."""

log = get_logger(__name__)


class DataLostError(RedisAwayError):
    """Redis has lost its data, or it is another one: nothing of the call has happened, and it may be repeated now."""

    def __init__(self) -> None:
        super().__init__("admitting requests: Redis has lost its data", sent=False)


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

    __slots__ = ("asked", "asking", "has_text", "sent", "settlements")

    def __init__(self) -> None:
        self.settlements: list[Operation] = []
        self.asked: list[Operation] = []
        self.asking: list[tuple[asyncio.Future[list[Any]], int]] = []
        self.sent: asyncio.Future[None] | None = None
        self.has_text = False

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
        standing: How Redis stands.
        tally: Counts calls and their operations.
        data_lost: Called where Redis has lost its data while it was connected.
    """

    def __init__(
        self,
        link: RedisLink,
        times: tuple[int, int],
        standing: Standing,
        tally: Tally,
        data_lost: Callable[[], None] = lambda: None,
    ) -> None:
        self._link = link
        self._times = times
        self._standing = standing
        self._tally = tally
        self._loop = asyncio.get_running_loop()
        self._gathered: _Call | None = None
        self._data_lost = data_lost
        self._epoch = ""
        self._unsettled: deque[tuple[float, Operation]] = deque(maxlen=MAX_UNSETTLED)

    def ask(self, operations: Sequence[Operation]) -> "asyncio.Future[list[Any]]":
        """The script's answer to each of ``operations``, all in one call.

        The future fails with `RedisAwayError` where there is none; then they may or may not have happened. It fails
        with `DataLostError` where they have not, and can be asked for once more.
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

    def _command(self, call: _Call) -> ScriptCall:
        keys, arguments = call.keys_and_arguments()
        return keys, [*self._times, len(arguments) + 4, f"E{self._epoch}", *arguments]

    def _finish(self, call: _Call, started: float, reply: "asyncio.Future[Any]") -> None:
        self._tally.redis_seconds(self._loop.time() - started)
        error = reply.exception()
        if error is not None:
            sent = not isinstance(error, RedisAwayError) or error.sent
            self._fail(call, partial(RedisAwayError, f"admitting requests: {error}", sent=sent))
        elif isinstance(answers := reply.result(), hiredis.ReplyError):
            self._finish_refused(call, started, answers)
        elif _are_answers(answers, len(call.asked)):
            self._hand_out(call, answers)
        else:
            self._refuse(call, "what it answers is not what the admission script does")

    def _finish_refused(self, call: _Call, started: float, error: hiredis.ReplyError) -> None:
        code, reason = redis_errors.code(error), redis_errors.reason(error)
        if code == redis_errors.NO_SCRIPT and not call.has_text:
            # Redis was flushed; nothing of the call has happened.
            call.has_text = True
            again = self._link.call_with_text(*self._command(call))
            again.add_done_callback(partial(self._finish, call, started))
        elif code == redis_errors.DATA_LOST:
            self._adopt(reason.removeprefix(code).strip())
            self._fail(call, DataLostError)
        else:
            self._refuse(call, reason)

    def _adopt(self, epoch: str) -> None:
        """From now on calls are about the data of ``epoch``; the first one known is no loss."""
        if self._epoch and epoch != self._epoch:
            log.warning("redis has lost its data; limits go by what was counted here")
            self._data_lost()
        self._epoch = epoch

    def _refuse(self, call: _Call, reason: str) -> None:
        self._link.refuse(reason)
        self._fail(call, partial(RedisAwayError, f"admitting requests: {reason}", sent=True))

    def _hand_out(self, call: _Call, answers: list[Any]) -> None:
        start = 0
        for future, count in call.asking:
            if not future.done():
                future.set_result(answers[start : start + count])
            start += count

    def _fail(self, call: _Call, make_error: Callable[[], RedisAwayError]) -> None:
        expires = self._loop.time() + UNSETTLED_SECONDS
        self._unsettled.extend((expires, operation) for operation in call.settlements)
        for future, _ in call.asking:
            if not future.done():
                future.set_exception(make_error())


def _are_answers(reply: object, count: int) -> bool:
    """Whether ``reply`` is the script's, with so many answers; an error among them is none."""
    return isinstance(reply, list) and len(reply) == count and _ANSWER_TYPES.issuperset(map(type, reply))
