"""All addresses of a name are tried, the good ones first, and one that hangs costs no time."""

import asyncio
import socket
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager

import pytest

from event_platform.ingest.redis_address import RedisAddress
from event_platform.ingest.redis_connection import RedisConnection
from event_platform.ingest.redis_dialer import Dialer

TIMEOUT_SECONDS = 5.0
FIRST, SECOND, THIRD = "127.0.0.1", "127.0.0.2", "127.0.0.3"

# Only on Linux is all of 127.0.0.0/8 the loopback.
pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="other systems have one loopback address")


class Names:
    """Resolves to what it is told, and counts how often it was asked."""

    def __init__(self, *found: str) -> None:
        """With these at first."""
        self.found: Sequence[str] = found
        self.asked = 0

    async def resolve(self, _host: str, _port: int) -> Sequence[str]:
        """The addresses now."""
        self.asked += 1
        return self.found


@contextmanager
def listening(*ips: str) -> Iterator[int]:
    """One port on which each of these addresses accepts."""
    port = 0
    with ExitStack() as stack:
        for ip in ips:
            port = stack.enter_context(socket.create_server((ip, port))).getsockname()[1]
        yield port


@contextmanager
def hanging(ip: str, port: int) -> Iterator[None]:
    """An address that neither accepts nor refuses, because its queue is full."""
    with socket.socket() as listener, socket.socket() as one, socket.socket() as two:
        listener.bind((ip, port))
        listener.listen(0)
        for filler in (one, two):
            filler.settimeout(0)
            filler.connect_ex((ip, port))
        yield


def dialer(port: int, names: Names, timeout_seconds: float = TIMEOUT_SECONDS) -> Dialer:
    """Of a name at that port."""
    return Dialer(RedisAddress("redis.example", port, None, None, 0), timeout_seconds, names.resolve)


async def led_to(one: Dialer) -> str:
    """Connect; which address it was."""
    connection = await one.connect()
    assert isinstance(connection, RedisConnection)
    transport = connection._transport  # noqa: SLF001 - nobody else asks who the peer is
    assert transport is not None
    ip: str = transport.get_extra_info("peername")[0]
    connection.abort("seen")
    return ip


def test_a_name_is_resolved_each_time() -> None:
    """So that a connection after a failover goes where the name leads by then."""

    async def scenario() -> None:
        names = Names(FIRST)
        with listening(FIRST, SECOND) as port:
            one = dialer(port, names)
            assert await led_to(one) == FIRST
            names.found = [SECOND]
            assert await led_to(one) == SECOND
        assert names.asked == 2

    asyncio.run(scenario())


def test_an_address_that_refuses_leads_to_the_next() -> None:
    """And only where all refuse is it said."""

    async def scenario() -> None:
        with listening(SECOND) as port:
            assert await led_to(dialer(port, Names(FIRST, THIRD, SECOND))) == SECOND
            with pytest.raises(OSError, match=r"127\.0\.0\.1"):
                await dialer(port, Names(FIRST, THIRD)).connect()
            with pytest.raises(OSError, match="no address"):
                await dialer(port, Names()).connect()

    asyncio.run(scenario())


def test_an_address_that_hangs_leads_to_the_next() -> None:
    """Long before the time is up; alone it takes all of it."""

    async def scenario() -> None:
        with listening(SECOND) as port, hanging(FIRST, port), hanging(THIRD, port):
            assert await led_to(dialer(port, Names(FIRST, THIRD, SECOND))) == SECOND
            with pytest.raises(TimeoutError, match=r"no connection within 0\.1 s"):
                await dialer(port, Names(FIRST), 0.1).connect()

    asyncio.run(scenario())


def test_an_address_of_no_use_comes_last() -> None:
    """Where a name leads to a replica and to the primary, the replica is not tried for ever."""

    async def scenario() -> None:
        with listening(FIRST, SECOND, THIRD) as port:
            one = dialer(port, Names(FIRST, SECOND, THIRD))
            found = []
            for _ in range(4):
                found.append(await led_to(one))
                one.put_last()
            assert found == [FIRST, SECOND, THIRD, FIRST]
            assert [await led_to(one) for _ in range(2)] == [SECOND, SECOND]

    asyncio.run(scenario())
