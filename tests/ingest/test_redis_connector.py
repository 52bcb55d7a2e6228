"""Connecting tries all addresses of a name, usable ones first, without waiting for one that hangs."""

import asyncio
import socket
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager

import pytest

from event_platform.ingest.redis_address import RedisAddress
from event_platform.ingest.redis_connection import RedisConnection
from event_platform.ingest.redis_connector import RedisConnector

TIMEOUT_SECONDS = 5.0
FIRST, SECOND, THIRD = "127.0.0.1", "127.0.0.2", "127.0.0.3"

# Only on Linux is all of 127.0.0.0/8 the loopback.
pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="other systems have one loopback address")


class FakeResolver:
    """Resolves to given addresses, and counts calls."""

    def __init__(self, *found: str) -> None:
        self.found: Sequence[str] = found
        self.calls = 0

    async def resolve(self, _host: str, _port: int) -> Sequence[str]:
        """Return the addresses."""
        self.calls += 1
        return self.found


@contextmanager
def listening(*ips: str) -> Iterator[int]:
    """Listen on one port of each address; yield the port."""
    port = 0
    with ExitStack() as stack:
        for ip in ips:
            port = stack.enter_context(socket.create_server((ip, port))).getsockname()[1]
        yield port


@contextmanager
def hanging(ip: str, port: int) -> Iterator[None]:
    """Make an address neither accept nor refuse connections, because its queue is full."""
    with socket.socket() as listener, socket.socket() as one, socket.socket() as two:
        listener.bind((ip, port))
        listener.listen(0)
        for filler in (one, two):
            filler.settimeout(0)
            filler.connect_ex((ip, port))
        yield


def connector(port: int, resolver: FakeResolver, timeout_seconds: float = TIMEOUT_SECONDS) -> RedisConnector:
    """Return a connector of a name at that port."""
    return RedisConnector(RedisAddress("redis.example", port, None, None, 0), timeout_seconds, resolver.resolve)


async def connected_ip(one: RedisConnector) -> str:
    """Connect, and return the address."""
    connection = await one.connect()
    assert isinstance(connection, RedisConnection)
    transport = connection._transport  # noqa: SLF001 - nothing public names the peer
    assert transport is not None
    ip: str = transport.get_extra_info("peername")[0]
    connection.abort("end of the test")
    return ip


def test_name_is_resolved_for_each_connection() -> None:
    """Each connection resolves the name again, so that it follows a failover."""

    async def scenario() -> None:
        resolver = FakeResolver(FIRST)
        with listening(FIRST, SECOND) as port:
            connector_ = connector(port, resolver)
            assert await connected_ip(connector_) == FIRST
            resolver.found = [SECOND]
            assert await connected_ip(connector_) == SECOND
        assert resolver.calls == 2

    asyncio.run(scenario())


def test_refusing_address_leads_to_the_next() -> None:
    """A refusing address leads to the next; an error is raised only where all refuse."""

    async def scenario() -> None:
        with listening(SECOND) as port:
            assert await connected_ip(connector(port, FakeResolver(FIRST, THIRD, SECOND))) == SECOND
            with pytest.raises(OSError, match=r"127\.0\.0\.1"):
                await connector(port, FakeResolver(FIRST, THIRD)).connect()
            with pytest.raises(OSError, match="no address"):
                await connector(port, FakeResolver()).connect()

    asyncio.run(scenario())


def test_hanging_address_leads_to_the_next() -> None:
    """A hanging address leads to the next long before the timeout; alone it takes all of it."""

    async def scenario() -> None:
        with listening(SECOND) as port, hanging(FIRST, port), hanging(THIRD, port):
            assert await connected_ip(connector(port, FakeResolver(FIRST, THIRD, SECOND))) == SECOND
            with pytest.raises(TimeoutError, match=r"no connection within 0\.1 s"):
                await connector(port, FakeResolver(FIRST), 0.1).connect()

    asyncio.run(scenario())


def test_unusable_address_comes_last() -> None:
    """Where a name resolves to a replica and the primary, the replica is not tried first forever."""

    async def scenario() -> None:
        with listening(FIRST, SECOND, THIRD) as port:
            connector_ = connector(port, FakeResolver(FIRST, SECOND, THIRD))
            found = []
            for _ in range(4):
                found.append(await connected_ip(connector_))
                connector_.deprioritize_address()
            assert found == [FIRST, SECOND, THIRD, FIRST]
            assert [await connected_ip(connector_) for _ in range(2)] == [SECOND, SECOND]

    asyncio.run(scenario())
