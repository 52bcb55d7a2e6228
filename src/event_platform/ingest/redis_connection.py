"""One connection to Redis over hiredis: calls are pipelined, and each ends within its deadline."""

import asyncio
from collections import deque
from collections.abc import Sequence
from typing import Any, cast

import hiredis

from event_platform.core.errors import UnavailableError
from event_platform.ingest import redis_errors

Command = Sequence[bytes | str | int]


class RedisAwayError(UnavailableError):
    """Redis did not answer.

    Args:
        message: What was being done, and what came instead.
        sent: Whether the call left, so that it may or may not have happened.
    """

    def __init__(self, message: str, *, sent: bool) -> None:
        super().__init__(message)
        self.sent = sent


class RedisConnection(asyncio.Protocol):
    """Replies have no names and come in the order of the calls, so one that is late ends the connection.

    So does an error that says that this server is the wrong one, or of no use.

    Args:
        loop: The loop it lives on.
        timeout_seconds: From sending a call to its reply.

    Attributes:
        lost: Resolves to the reason when the connection has ended.
        closed_by_server: Whether the server, or the network, just ended it.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, timeout_seconds: float) -> None:
        self._loop = loop
        self._timeout_seconds = timeout_seconds
        self._reader = hiredis.Reader()
        self._waiting: deque[tuple[float, asyncio.Future[Any]]] = deque()
        self._transport: asyncio.Transport | None = None
        self._watch: asyncio.TimerHandle | None = None
        self.lost: asyncio.Future[str] = loop.create_future()
        self.closed_by_server = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Start of the connection."""
        self._transport = cast("asyncio.Transport", transport)

    def connection_lost(self, exc: Exception | None) -> None:
        """End of the connection, by either side."""
        self.closed_by_server = not self.lost.done()
        self.abort(str(exc or "connection closed"))

    def send(self, command: Command) -> "asyncio.Future[Any]":
        """Write ``command``; its reply is the future's result, an error reply as a `hiredis.ReplyError`.

        The future fails with `RedisAwayError` where no reply comes.
        """
        future: asyncio.Future[Any] = self._loop.create_future()
        if self._transport is None or self.lost.done():
            future.set_exception(RedisAwayError("calling Redis: not connected", sent=False))
            return future
        deadline = self._loop.time() + self._timeout_seconds
        self._waiting.append((deadline, future))
        self._transport.write(hiredis.pack_command(tuple(command)))  # type: ignore[arg-type]  # its stub means a tuple of one
        if self._watch is None:
            self._watch = self._loop.call_at(deadline, self._check_deadline)
        return future

    def data_received(self, data: bytes) -> None:
        """Bytes of replies."""
        try:
            self._reader.feed(data)
            while not self.lost.done() and (reply := self._reader.gets()) is not False:
                self._deliver(reply)
        except hiredis.ProtocolError as error:
            self.abort(f"not the Redis protocol: {error}")

    def _deliver(self, reply: Any) -> None:  # noqa: ANN401 - RESP is any value
        if not self._waiting:
            # A server that takes no more connections says so by itself.
            is_error = isinstance(reply, hiredis.ReplyError)
            self.abort(redis_errors.reason(reply) if is_error else "a reply that nobody asked for")
            return
        _, future = self._waiting.popleft()
        if not future.done():
            future.set_result(reply)
        if isinstance(reply, hiredis.ReplyError) and redis_errors.ends_the_connection(reply):
            self.abort(redis_errors.reason(reply))

    def _check_deadline(self) -> None:
        """One timer watches the oldest call, so that a call costs none of its own."""
        self._watch = None
        if not self._waiting:
            return
        deadline = self._waiting[0][0]
        if deadline <= self._loop.time():
            self.abort(f"no reply within {self._timeout_seconds} s")
        else:
            self._watch = self._loop.call_at(deadline, self._check_deadline)

    def abort(self, reason: str) -> None:
        """End the connection; every call that waits fails with ``reason``."""
        if self._watch is not None:
            self._watch.cancel()
            self._watch = None
        if not self.lost.done():
            self.lost.set_result(reason)
        if self._transport is not None:
            self._transport.abort()
        while self._waiting:
            _, future = self._waiting.popleft()
            if not future.done():
                future.set_exception(RedisAwayError(f"calling Redis: {reason}", sent=True))
