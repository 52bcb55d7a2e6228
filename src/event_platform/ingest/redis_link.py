"""The way to Redis for one script: connects, loads it, and comes back by itself.

redis-py costs a multiple of this for what ingest does (docs/benchmarks/ingest.md), so the hot path speaks RESP through
hiredis on an asyncio Protocol. Everything else goes through ``core.redis``.
"""

import asyncio
import hashlib
import math
import time
from collections.abc import Callable, Sequence
from typing import Any

import hiredis

from event_platform.core import clock_skew
from event_platform.core.connections import redis
from event_platform.core.errors import ConfigurationError
from event_platform.ingest import redis_errors
from event_platform.ingest.redis_address import RedisAddress
from event_platform.ingest.redis_connection import Command, RedisAwayError, RedisConnection
from event_platform.ingest.redis_dialer import Dialer
from event_platform.ingest.standing import Standing

CALL_TIMEOUT_SECONDS = 1.0
PAUSE_SECONDS = 1.0
"""For so long Redis is left alone after a failure, before it is probed again."""

DISTRUST_SECONDS = 3.0
"""For so long after it refused a call Redis counts as down, whatever it says to probes."""
MOST_REFUSALS = 5
"""Probes refused in a row that end the connection, whatever the error: the name may lead to another server by now."""

ScriptCall = tuple[Sequence[bytes | str], Command]
"""Keys and arguments."""


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
        self._dialer = Dialer(address, CALL_TIMEOUT_SECONDS)
        self._script = script
        self._digest = hashlib.sha1(script.encode(), usedforsecurity=False).hexdigest()
        self._standing = standing
        self._connection: RedisConnection | None = None
        self._refused_at = -math.inf
        self.tried = asyncio.Event()

    async def keep_connected(self, probe: ScriptCall = ((), ())) -> None:
        """Connect, stay until the connection ends, pause, and again, until cancelled.

        Args:
            probe: A call of the script that writes, because a Redis that is full or a replica still answers PING; and
                that does so to keys of two slots, because a node of a cluster takes any single one.
        """
        while True:
            try:
                connection = await self._connect()
                self._connection = connection
                reason = await self._stay(connection, probe)
                if not connection.closed_by_server:
                    self._dialer.put_last()
            except (OSError, RedisAwayError, hiredis.HiredisError, ConfigurationError) as error:
                self._dialer.put_last()
                reason = redis_errors.reason(error) or type(error).__name__
            self._connection = None
            self._standing.fall(self._said(reason))
            self.tried.set()
            await asyncio.sleep(PAUSE_SECONDS)

    async def _stay(self, connection: RedisConnection, probe: ScriptCall) -> str:
        """Probe the connection every second until it ends; why it ended."""
        reason, refusals = "", 0
        while refusals < MOST_REFUSALS:
            try:
                reply = await self._probe(connection, *probe)
                self._compare(await connection.send(("TIME",)))
            except RedisAwayError:
                return await connection.lost
            if isinstance(reply, hiredis.ReplyError):
                reason, refusals = redis_errors.reason(reply), refusals + 1
                self._standing.fall(self._said(reason))
            else:
                refusals = 0
                self._trust()
            self.tried.set()
            await asyncio.wait([connection.lost], timeout=PAUSE_SECONDS)
        connection.abort(reason)
        return reason

    async def _probe(self, connection: RedisConnection, keys: Sequence[bytes | str], arguments: Command) -> object:
        reply = await connection.send(self._by_digest(keys, arguments))
        if isinstance(reply, hiredis.ReplyError) and redis_errors.code(reply) == redis_errors.NO_SCRIPT:
            return await connection.send(self._with_text(keys, arguments))
        return reply

    def _trust(self) -> None:
        if asyncio.get_running_loop().time() - self._refused_at > DISTRUST_SECONDS:
            self._standing.rise()

    def refuse(self, reason: str) -> None:
        """Count Redis as down for a while, because it refused a call for this ``reason``."""
        self._refused_at = asyncio.get_running_loop().time()
        self._standing.fall(self._said(reason))

    def _said(self, reason: str) -> str:
        return f"Redis at {self._address.host}:{self._address.port}: {reason}"

    def _compare(self, told: object) -> None:
        """Seconds and microseconds of Redis' clock; nothing can be said where it may not be asked for."""
        if not isinstance(told, list):
            return
        seconds, microseconds = map(int, told)
        differs = clock_skew.describe_skew(self._now() - seconds - microseconds / 1_000_000, "Redis'")
        if differs is None:
            self._clock.rise()
        else:
            self._clock.fall(f"{differs}: events are received at a time that may make them dead letters")

    async def _connect(self) -> RedisConnection:
        """A connection that is let in, has its database chosen and the script loaded.

        Raises:
            ConfigurationError: What is there can never serve.
        """
        connection = await self._dialer.connect()
        try:
            for command in self._address.introduction():
                await _accepted(connection, command)
            await _check_mode(connection)
            await _accepted(connection, ("SCRIPT", "LOAD", self._script))
        except BaseException:
            connection.abort("the introduction failed")
            raise
        return connection

    def call(self, keys: Sequence[bytes | str], arguments: Command) -> "asyncio.Future[Any]":
        """Run the script; its answer is the future's result, an error reply as a `hiredis.ReplyError`.

        The future fails with `RedisAwayError` where no reply came, and then the script may or may not have run.
        """
        return self._send(self._by_digest(keys, arguments))

    def call_with_text(self, keys: Sequence[bytes | str], arguments: Command) -> "asyncio.Future[Any]":
        """The same for a Redis that has forgotten the script (``NOSCRIPT``): sends its text along."""
        return self._send(self._with_text(keys, arguments))

    def _by_digest(self, keys: Sequence[bytes | str], arguments: Command) -> Command:
        return ("EVALSHA", self._digest, len(keys), *keys, *arguments)

    def _with_text(self, keys: Sequence[bytes | str], arguments: Command) -> Command:
        return ("EVAL", self._script, len(keys), *keys, *arguments)

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


async def _check_mode(connection: RedisConnection) -> None:
    """Ask the server what it is; one that does not know the question is found out by the probe."""
    told = await connection.send(("HELLO",))
    if isinstance(told, hiredis.ReplyError) and redis_errors.ends_the_connection(told):
        raise told
    misfit = redis.unsupported_reason(redis.parse_hello(told))
    if misfit:
        raise ConfigurationError(misfit)
