"""One connection to Redis over hiredis: calls are pipelined, and each has a deadline."""

import asyncio
from collections import deque
from collections.abc import Sequence
from typing import Any, TypeAlias, cast

import hiredis

from event_platform.core.errors import UnavailableError
from event_platform.ingest import redis_errors

Command: TypeAlias = Sequence[bytes | str | int]


class RedisUnavailableError(UnavailableError):
    """Redis did not answer a call.

    Args:
        message: What was attempted, and what failed.
        sent: Whether the call was sent, so that Redis may have executed it.
    """

    def __init__(self, message: str, *, sent: bool) -> None:
        super().__init__(message)
        self.sent = sent


class RedisConnection(asyncio.Protocol):
    """A connection that ends with its first late reply, because replies are matched to calls by order only.

    An error reply that says that the server is the wrong or an unusable one ends it, too.

    Args:
        loop: The event loop that it runs on.
        timeout_seconds: From sending a call to its reply.

    Attributes:
        lost: Resolves to the reason when the connection has ended.
        closed_by_server: Whether the server or the network ended it, rather than this side.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, timeout_seconds: float) -> None:
        self._loop = loop
        self._timeout_seconds = timeout_seconds
        self._reader = hiredis.Reader()
        self._pending: deque[tuple[float, asyncio.Future[Any]]] = deque()
        self._transport: asyncio.Transport | None = None
        self._deadline_timer: asyncio.TimerHandle | None = None
        self.lost: asyncio.Future[str] = loop.create_future()
        self.closed_by_server = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport; asyncio calls this when the connection is open."""
        self._transport = cast("asyncio.Transport", transport)

    def connection_lost(self, exc: Exception | None) -> None:
        """Fail pending calls; asyncio calls this when either side has closed the connection."""
        self.closed_by_server = not self.lost.done()
        self.abort(str(exc or "connection closed"))

    def send(self, command: Command) -> "asyncio.Future[Any]":
        """Write ``command``; its reply is the future's result, an error reply as a `hiredis.ReplyError`.

        The future fails with `RedisUnavailableError` where no reply comes.
        """
        future: asyncio.Future[Any] = self._loop.create_future()
        if self._transport is None or self.lost.done():
            future.set_exception(RedisUnavailableError("calling Redis: not connected", sent=False))
            return future
        deadline = self._loop.time() + self._timeout_seconds
        self._pending.append((deadline, future))
        self._transport.write(hiredis.pack_command(tuple(command)))  # type: ignore[arg-type]  # its stub means a tuple of one
        if self._deadline_timer is None:
            self._deadline_timer = self._loop.call_at(deadline, self._check_deadline)
        return future

    def data_received(self, data: bytes) -> None:
        """Parse replies and hand them to their calls."""
        try:
            self._reader.feed(data)
            while not self.lost.done() and (reply := self._reader.gets()) is not False:
                self._deliver(reply)
        except hiredis.ProtocolError as error:
            self.abort(f"not the Redis protocol: {error}")

    def _deliver(self, reply: Any) -> None:  # noqa: ANN401 - RESP is any value
        if not self._pending:
            # A server that is out of connections sends an error that answers no call.
            is_error = isinstance(reply, hiredis.ReplyError)
            self.abort(redis_errors.error_message(reply) if is_error else "a reply without a call")
            return
        _, future = self._pending.popleft()
        if not future.done():
            future.set_result(reply)
        if isinstance(reply, hiredis.ReplyError) and redis_errors.requires_reconnect(reply):
            self.abort(redis_errors.error_message(reply))

    def _check_deadline(self) -> None:
        """Check the oldest call; one timer for all, so that a call needs none of its own."""
        self._deadline_timer = None
        if not self._pending:
            return
        deadline = self._pending[0][0]
        if deadline <= self._loop.time():
            self.abort(f"no reply within {self._timeout_seconds} s")
        else:
            self._deadline_timer = self._loop.call_at(deadline, self._check_deadline)

    def abort(self, reason: str) -> None:
        """End the connection; every pending call fails with ``reason``."""
        if self._deadline_timer is not None:
            self._deadline_timer.cancel()
            self._deadline_timer = None
        if not self.lost.done():
            self.lost.set_result(reason)
        if self._transport is not None:
            self._transport.abort()
        while self._pending:
            _, future = self._pending.popleft()
            if not future.done():
                future.set_exception(RedisUnavailableError(f"calling Redis: {reason}", sent=True))
