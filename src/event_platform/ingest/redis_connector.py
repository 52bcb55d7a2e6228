"""Connects to Redis at one of the addresses that its name resolves to."""

import asyncio
import socket
from collections.abc import Awaitable, Callable, Sequence
from typing import Final, TypeAlias

from event_platform.ingest.redis_address import RedisAddress
from event_platform.ingest.redis_connection import RedisConnection

STAGGER_SECONDS: Final = 0.25
"""How long an address is tried before the next one is tried as well (RFC 8305)."""

Resolve: TypeAlias = Callable[[str, int], Awaitable[Sequence[str]]]


async def resolve(host: str, port: int) -> Sequence[str]:
    """Return the IP addresses that the system resolves ``host`` to; raise `OSError` if it cannot."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(sockaddr[0]) for *_, sockaddr in found))


class RedisConnector:
    """Opens connections; tries addresses last that led to an unusable server.

    Args:
        address: Address of Redis.
        timeout_seconds: Bound on connecting as a whole, and on each call later.
        resolve: Finds the IP addresses of a name.
    """

    def __init__(self, address: RedisAddress, timeout_seconds: float, resolve: Resolve = resolve) -> None:
        self._address = address
        self._timeout_seconds = timeout_seconds
        self._resolve = resolve
        self._deprioritized: list[str] = []
        self._connected_ip: str | None = None

    async def connect(self) -> RedisConnection:
        """Resolve the name again and return a new connection.

        Raises:
            OSError: No address accepts a connection in time.
        """
        try:
            async with asyncio.timeout(self._timeout_seconds):
                return await self._connect(await self._resolve(self._address.host, self._address.port))
        except TimeoutError:
            raise TimeoutError(f"no connection within {self._timeout_seconds} s") from None

    def deprioritize_address(self) -> None:
        """Try the address of the latest connection after all others, because its server is unusable."""
        ip = self._connected_ip
        if ip is not None:
            self._deprioritized = [each for each in self._deprioritized if each != ip] + [ip]

    async def _connect(self, found: Sequence[str]) -> RedisConnection:
        self._deprioritized = [each for each in self._deprioritized if each in found]
        waiting = [*(each for each in found if each not in self._deprioritized), *self._deprioritized]
        running: dict[asyncio.Task[RedisConnection], str] = {}
        errors: list[str] = []
        try:
            while waiting or running:
                if waiting:
                    ip = waiting.pop(0)
                    running[asyncio.create_task(self._open(ip))] = ip
                done, _ = await asyncio.wait(
                    running, timeout=STAGGER_SECONDS if waiting else None, return_when=asyncio.FIRST_COMPLETED
                )
                for task in done:
                    ip = running.pop(task)
                    if (error := task.exception()) is None:
                        self._connected_ip = ip
                        return task.result()
                    errors.append(f"{ip}: {error}")
        finally:
            for task in running:
                task.add_done_callback(_abandon)
                task.cancel()
        raise OSError("; ".join(errors) or "the name has no address")

    async def _open(self, ip: str) -> RedisConnection:
        loop = asyncio.get_running_loop()
        address = self._address
        _, connection = await loop.create_connection(
            lambda: RedisConnection(loop, self._timeout_seconds),
            ip,
            address.port,
            ssl=address.tls,
            server_hostname=address.host if address.tls else None,
        )
        return connection


def _abandon(task: asyncio.Task[RedisConnection]) -> None:
    """Close a connection that was opened beside the one in use."""
    if not task.cancelled() and task.exception() is None:
        task.result().abort("another address answered first")
