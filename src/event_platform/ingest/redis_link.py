"""The way to Redis for one script: connects, loads it, and comes back by itself.

redis-py costs a multiple of this for what ingest does (docs/benchmarks/ingest.md), so the hot path speaks RESP through
hiredis on an asyncio Protocol. Everything else goes through ``core.redis``.
"""

import asyncio
import hashlib
import time
from collections.abc import Callable, Sequence
from typing import Any

import hiredis

from event_platform.core import clocks
from event_platform.ingest.redis_address import RedisAddress
from event_platform.ingest.redis_connection import Command, RedisAwayError, RedisConnection
from event_platform.ingest.standing import Standing

CALL_TIMEOUT_SECONDS = 1.0
PAUSE_SECONDS = 1.0
"""For so long Redis is left alone after a failure, before it is probed again."""

PROBE: Command = ("SET", "ingest:probe", "1", "PX", 10_000)
"""A write, because a Redis that is full or a replica still answers PING."""


class RedisLink:
    """Calls of one script. While Redis is away every call fails at once.

    Args:
        address: Which Redis.
        script: The Lua text.
        standing: Told whenever Redis comes or goes.
        clock: Told whether this machine's clock, by which events are received, agrees with that of Redis.
        now: This machine's clock, in Unix time.

    Attributes:
        tried: Set when the first attempt to connect has ended, well or not.
    """

    def __init__(
        self,
        address: RedisAddress,
        script: str,
        standing: Standing,
        clock: Standing,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._clock = clock
        self._now = now
        self._address = address
        self._script = script
        self._digest = hashlib.sha1(script.encode(), usedforsecurity=False).hexdigest()
        self._standing = standing
        self._connection: RedisConnection | None = None
        self.tried = asyncio.Event()

    async def keep_connected(self) -> None:
        """Connect, stay until the connection ends, pause, and again, until cancelled."""
        while True:
            try:
                connection = await self._connect()
                self._connection = connection
                self.tried.set()
                reason = await self._stay(connection)
            except (OSError, RedisAwayError, hiredis.HiredisError) as error:
                reason = str(error) or type(error).__name__
            self._connection = None
            self.tried.set()
            self._standing.fall(f"Redis at {self._address.host}:{self._address.port}: {reason}")
            await asyncio.sleep(PAUSE_SECONDS)

    async def _stay(self, connection: RedisConnection) -> str:
        """Probe the connection every second until it ends; why it ended."""
        while True:
            try:
                reply = await connection.send(PROBE)
                self._compare(await connection.send(("TIME",)))
            except RedisAwayError:
                return await connection.lost
            if isinstance(reply, hiredis.ReplyError):
                self._standing.fall(f"Redis at {self._address.host}:{self._address.port}: {reply}")
            else:
                self._standing.rise()
            await asyncio.wait([connection.lost], timeout=PAUSE_SECONDS)

    def _compare(self, told: object) -> None:
        """Seconds and microseconds of Redis' clock; nothing can be said where it may not be asked for."""
        if not isinstance(told, list):
            return
        seconds, microseconds = map(int, told)
        differs = clocks.difference(self._now() - seconds - microseconds / 1_000_000, "Redis'")
        if differs is None:
            self._clock.rise()
        else:
            self._clock.fall(f"{differs}: events are received at a time that may make them dead letters")

    async def _connect(self) -> RedisConnection:
        """A connection that is let in, has its database chosen and the script loaded."""
        loop = asyncio.get_running_loop()
        address = self._address
        async with asyncio.timeout(CALL_TIMEOUT_SECONDS):
            _, connection = await loop.create_connection(
                lambda: RedisConnection(loop, CALL_TIMEOUT_SECONDS), address.host, address.port, ssl=address.tls
            )
        try:
            for command in (*address.introduction(), ("SCRIPT", "LOAD", self._script)):
                await _accepted(connection, command)
        except BaseException:
            connection.abort("the introduction failed")
            raise
        return connection

    def call(self, keys: Sequence[bytes | str], arguments: Command) -> "asyncio.Future[Any]":
        """Run the script; its answer is the future's result, an error reply as a `hiredis.ReplyError`.

        The future fails with `RedisAwayError` where no reply came, and then the script may or may not have run.
        """
        return self._send(("EVALSHA", self._digest, len(keys), *keys, *arguments))

    def call_with_text(self, keys: Sequence[bytes | str], arguments: Command) -> "asyncio.Future[Any]":
        """The same for a Redis that has forgotten the script (``NOSCRIPT``): sends its text along."""
        return self._send(("EVAL", self._script, len(keys), *keys, *arguments))

    def _send(self, command: Command) -> "asyncio.Future[Any]":
        if self._connection is not None:
            return self._connection.send(command)
        away: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        away.set_exception(RedisAwayError("calling Redis: not connected", sent=False))
        return away

    def close(self) -> None:
        """End the connection; calls that wait fail."""
        if self._connection is not None:
            self._connection.abort("the service is closing")


async def _accepted(connection: RedisConnection, command: Command) -> None:
    """Send ``command`` and raise its error reply."""
    reply = await connection.send(command)
    if isinstance(reply, hiredis.ReplyError):
        raise reply
