"""Client of one Redis script: connects, loads the script, probes, and reconnects.

redis-py costs a multiple of this for what ingest does (docs/benchmarks/ingest.md), so the hot path speaks RESP through
hiredis on an asyncio Protocol. Everything else uses ``core.connections.redis``.
"""

import asyncio
import hashlib
import math
import time
from collections.abc import Callable, Sequence
from typing import Any, Final, TypeAlias

import hiredis

from event_platform.core import clock_skew
from event_platform.core.connections import redis
from event_platform.core.errors import ConfigurationError
from event_platform.ingest import redis_errors
from event_platform.ingest.dependency_status import DependencyStatus
from event_platform.ingest.redis_address import RedisAddress
from event_platform.ingest.redis_connection import Command, RedisConnection, RedisUnavailableError
from event_platform.ingest.redis_connector import RedisConnector

CALL_TIMEOUT_SECONDS: Final = 1.0
PROBE_INTERVAL_SECONDS: Final = 1.0
"""Time between probes, and between a failure and the next attempt to connect."""

HOLD_DOWN_SECONDS: Final = 3.0
"""How long Redis stays marked down after it refused a call, even if it answers probes."""
MAX_REFUSED_PROBES: Final = 5
"""Consecutive refused probes that end the connection, whatever the error: the name may resolve to another server."""

ScriptCall: TypeAlias = tuple[Sequence[bytes | str], Command]
"""Keys and arguments."""


class RedisScriptClient:
    """Calls one script. While Redis is unavailable every call fails at once.

    Args:
        address: Address of Redis.
        script: The Lua source.
        status: Status of Redis.
        clock_status: Whether this machine's clock, which stamps events, agrees with that of Redis.
        now: This machine's clock, in Unix time.

    Attributes:
        first_attempt_done: Set when the first attempt to connect has succeeded or failed.
    """

    def __init__(
        self,
        address: RedisAddress,
        script: str,
        status: DependencyStatus,
        clock_status: DependencyStatus,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._clock_status = clock_status
        self._now = now
        self._address = address
        self._connector = RedisConnector(address, CALL_TIMEOUT_SECONDS)
        self._script = script
        self._sha = hashlib.sha1(script.encode(), usedforsecurity=False).hexdigest()
        self._status = status
        self._connection: RedisConnection | None = None
        self._refused_at = -math.inf
        self.first_attempt_done = asyncio.Event()

    async def keep_connected(self, probe: ScriptCall = ((), ())) -> None:
        """Connect, monitor the connection until it ends, wait, and reconnect, until cancelled.

        Args:
            probe: A call of the script that writes, because a replica or a Redis without memory still answers PING; to
                keys of two cluster slots, because a node of a cluster accepts any single one.
        """
        while True:
            try:
                connection = await self._connect()
                self._connection = connection
                reason = await self._monitor(connection, probe)
                if not connection.closed_by_server:
                    self._connector.deprioritize_address()
            except (OSError, RedisUnavailableError, hiredis.HiredisError, ConfigurationError) as error:
                self._connector.deprioritize_address()
                reason = redis_errors.error_message(error) or type(error).__name__
            self._connection = None
            self._status.mark_down(self._with_address(reason))
            self.first_attempt_done.set()
            await asyncio.sleep(PROBE_INTERVAL_SECONDS)

    async def _monitor(self, connection: RedisConnection, probe: ScriptCall) -> str:
        """Probe the connection every second until it ends; return why it ended."""
        reason, refused = "", 0
        while refused < MAX_REFUSED_PROBES:
            try:
                reply = await self._probe(connection, *probe)
                self._check_clock(await connection.send(("TIME",)))
            except RedisUnavailableError:
                return await connection.lost
            if isinstance(reply, hiredis.ReplyError):
                reason, refused = redis_errors.error_message(reply), refused + 1
                self._status.mark_down(self._with_address(reason))
            else:
                refused = 0
                self._mark_up_unless_held_down()
            self.first_attempt_done.set()
            await asyncio.wait([connection.lost], timeout=PROBE_INTERVAL_SECONDS)
        connection.abort(reason)
        return reason

    async def _probe(self, connection: RedisConnection, keys: Sequence[bytes | str], arguments: Command) -> object:
        reply = await connection.send(self._by_sha(keys, arguments))
        if isinstance(reply, hiredis.ReplyError) and redis_errors.error_code(reply) == redis_errors.NO_SCRIPT:
            return await connection.send(self._with_source(keys, arguments))
        return reply

    def _mark_up_unless_held_down(self) -> None:
        if asyncio.get_running_loop().time() - self._refused_at > HOLD_DOWN_SECONDS:
            self._status.mark_up()

    def hold_down(self, reason: str) -> None:
        """Mark Redis down for at least `HOLD_DOWN_SECONDS`, because it refused a call for this ``reason``."""
        self._refused_at = asyncio.get_running_loop().time()
        self._status.mark_down(self._with_address(reason))

    def _with_address(self, reason: str) -> str:
        return f"Redis at {self._address.host}:{self._address.port}: {reason}"

    def _check_clock(self, redis_time: object) -> None:
        """Compare with ``redis_time``, seconds and microseconds; an error reply means that TIME is not permitted."""
        if not isinstance(redis_time, list):
            return
        seconds, microseconds = map(int, redis_time)
        differs = clock_skew.describe_skew(self._now() - seconds - microseconds / 1_000_000, "Redis'")
        if differs is None:
            self._clock_status.mark_up()
        else:
            self._clock_status.mark_down(f"{differs}: events are received at a time that may make them dead letters")

    async def _connect(self) -> RedisConnection:
        """Return a connection that is authenticated, has its database selected and the script loaded.

        Raises:
            ConfigurationError: The server can never serve, whatever happens to it.
        """
        connection = await self._connector.connect()
        try:
            for command in self._address.handshake_commands():
                await _send_checked(connection, command)
            await _check_mode(connection)
            await _send_checked(connection, ("SCRIPT", "LOAD", self._script))
        except BaseException:
            connection.abort("the handshake failed")
            raise
        return connection

    def call(self, keys: Sequence[bytes | str], arguments: Command) -> "asyncio.Future[Any]":
        """Run the script; its reply is the future's result, an error reply as a `hiredis.ReplyError`.

        The future fails with `RedisUnavailableError` where no reply came; the script may then have run or not.
        """
        return self._send(self._by_sha(keys, arguments))

    def call_with_source(self, keys: Sequence[bytes | str], arguments: Command) -> "asyncio.Future[Any]":
        """Run the script by its source, for a Redis that no longer knows it (``NOSCRIPT``); else like `call`."""
        return self._send(self._with_source(keys, arguments))

    def _by_sha(self, keys: Sequence[bytes | str], arguments: Command) -> Command:
        return ("EVALSHA", self._sha, len(keys), *keys, *arguments)

    def _with_source(self, keys: Sequence[bytes | str], arguments: Command) -> Command:
        return ("EVAL", self._script, len(keys), *keys, *arguments)

    def _send(self, command: Command) -> "asyncio.Future[Any]":
        if self._connection is not None:
            return self._connection.send(command)
        failed: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        failed.set_exception(RedisUnavailableError("calling Redis: not connected", sent=False))
        return failed

    def close(self) -> None:
        """End the connection; pending calls fail."""
        if self._connection is not None:
            self._connection.abort("the service is closing")


async def _send_checked(connection: RedisConnection, command: Command) -> None:
    """Send ``command`` and raise its error reply."""
    reply = await connection.send(command)
    if isinstance(reply, hiredis.ReplyError):
        raise reply


async def _check_mode(connection: RedisConnection) -> None:
    """Raise `ConfigurationError` for an unsupported server; the probe finds out about one that does not know HELLO."""
    reply = await connection.send(("HELLO",))
    if isinstance(reply, hiredis.ReplyError) and redis_errors.requires_reconnect(reply):
        raise reply
    reason = redis.unsupported_reason(redis.parse_hello(reply))
    if reason:
        raise ConfigurationError(reason)
