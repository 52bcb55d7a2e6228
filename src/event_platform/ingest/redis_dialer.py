"""Connects to Redis at one of the addresses that its name has by then."""

import asyncio
import socket
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeAlias

from event_platform.ingest.redis_address import RedisAddress
from event_platform.ingest.redis_connection import RedisConnection

STAGGER_SECONDS = 0.25
"""For so long an address is tried alone, before the next one is tried beside it (RFC 8305)."""

Resolve: TypeAlias = Callable[[str, int], Awaitable[Sequence[str]]]


async def resolve(host: str, port: int) -> Sequence[str]:
    """The IP addresses of ``host`` as the system resolves it now; raises `OSError`."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(sockaddr[0]) for *_, sockaddr in found))


class Dialer:
    """Knows which addresses to try first: those that led to a server of no use come last.

    Args:
        address: Which Redis.
        timeout_seconds: For all of connecting, and of each call later.
        resolve: Finds the IP addresses of a name.
    """

    def __init__(self, address: RedisAddress, timeout_seconds: float, resolve: Resolve = resolve) -> None:
        self._address = address
        self._timeout_seconds = timeout_seconds
        self._resolve = resolve
        self._last: list[str] = []
        self._led_to: str | None = None

    async def connect(self) -> RedisConnection:
        """A new connection; the name is resolved anew.

        Raises:
            OSError: None of the addresses can be connected to in time.
        """
        try:
            async with asyncio.timeout(self._timeout_seconds):
                return await self._connect(await self._resolve(self._address.host, self._address.port))
        except TimeoutError:
            raise TimeoutError(f"no connection within {self._timeout_seconds} s") from None

    def put_last(self) -> None:
        """The latest connection led to a server of no use: try its address after all others."""
        if self._led_to is not None:
            self._last = [each for each in self._last if each != self._led_to] + [self._led_to]

    async def _connect(self, found: Sequence[str]) -> RedisConnection:
        self._last = [each for each in self._last if each in found]
        waiting = [*(each for each in found if each not in self._last), *self._last]
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
                        self._led_to = ip
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
    """End what was connected beside the one that is used."""
    if not task.cancelled() and task.exception() is None:
        task.result().abort("another address answered first")
