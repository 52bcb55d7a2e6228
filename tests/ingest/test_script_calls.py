"""What Redis answers is the script's answer, or it is none."""

import asyncio
from collections.abc import Iterator
from typing import Self

import pytest
from redis import Redis
from tests.fixtures.ingest_client import redis_of
from tests.fixtures.waiting import eventually

from event_platform.core.connections import redis
from event_platform.core.settings.declaration import Settings
from event_platform.ingest.redis_address import RedisAddress
from event_platform.ingest.redis_connection import RedisAwayError
from event_platform.ingest.redis_link import DISTRUST_SECONDS, RedisLink
from event_platform.ingest.script_calls import PROBE, SCRIPT, Operation, ScriptCalls
from event_platform.ingest.standing import Standing
from event_platform.ingest.tally import Table, Tally

CHARGE = Operation(None, "Q", ("t", 10))


@pytest.fixture
def client(settings: Settings) -> Iterator[Redis]:
    """An empty Redis database, with a list under ``list``."""
    client = redis_of(settings)
    client.flushdb()
    client.rpush("list", "x")
    yield client
    client.close()


class Connected:
    """Calls of a script over a link, as in the service."""

    def __init__(self, settings: Settings, script: str) -> None:
        """Not connected yet."""
        self.standing = Standing("redis")
        self.losses = 0
        self.link = RedisLink(RedisAddress.parse(redis.url(settings)), script, self.standing, Standing("clock"))
        tally = Tally(Table.private().row(0))
        self.calls = ScriptCalls(self.link, (1_000, 1_000), self.standing, tally, self._lose)

    def _lose(self) -> None:
        self.losses += 1

    async def __aenter__(self) -> Self:
        """Connect."""
        self._task = asyncio.create_task(self.link.keep_connected(PROBE))
        async with asyncio.timeout(60):
            await self.link.tried.wait()
        return self

    async def __aexit__(self, *_error: object) -> None:
        """Hang up."""
        self._task.cancel()
        self.link.close()
        await asyncio.gather(self._task, return_exceptions=True)


@pytest.mark.usefixtures("client")
@pytest.mark.parametrize(
    "script",
    [
        "return redis.error_reply('OOM no room')",
        "return {redis.pcall('INCR', 'list')}",
        "return redis.call('INCR', 'list')",
        "return redis.status_reply('OK')",
        "return false",
        "return {0, 0}",
        "return {}",
        "return {'0'}",
    ],
)
def test_what_is_no_answer_is_an_outage(settings: Settings, script: str) -> None:
    """An error, also in the place of an answer, and anything that this script does not say."""

    async def scenario() -> None:
        async with Connected(settings, script) as connected:
            for _ in range(2):
                with pytest.raises(RedisAwayError, match="admitting requests") as raised:
                    await connected.calls.ask((CHARGE,))
                assert raised.value.sent
                assert not connected.standing.up

    asyncio.run(scenario())


@pytest.mark.parametrize(
    ("error", "is_kept"),
    [
        ("READONLY", False),
        ("LOADING", False),
        ("MOVED 1 127.0.0.1:1", False),
        ("BUSY", True),
        ("OOM", True),
        ("ERR", True),
    ],
)
def test_an_error_of_the_server_ends_the_connection(settings: Settings, error: str, is_kept: bool) -> None:  # noqa: FBT001 - a column
    """The first one does, so that the address is resolved anew; one that may pass, or concerns the call, does not."""

    async def scenario() -> None:
        async with Connected(settings, f"return redis.error_reply('{error} whatever it says')") as connected:
            with pytest.raises(RedisAwayError) as raised:
                await connected.calls.ask((CHARGE,))
            assert raised.value.sent is is_kept

    asyncio.run(scenario())


def test_a_probe_that_succeeds_is_not_enough(settings: Settings) -> None:
    """Where calls are refused, Redis counts as down until none was for a while, however well it answers probes."""
    script = "if KEYS[1] == 'ingest:probe' then return 1 end return redis.error_reply('ERR only probes')"

    async def scenario() -> None:
        async with Connected(settings, script) as connected:
            assert connected.standing.up
            asked_at = asyncio.get_running_loop().time()
            with pytest.raises(RedisAwayError):
                await connected.calls.ask((CHARGE,))
            assert not connected.standing.up
            await asyncio.to_thread(eventually, lambda: connected.standing.up, "Redis to count as up")
            assert asyncio.get_running_loop().time() - asked_at > DISTRUST_SECONDS

    asyncio.run(scenario())


def test_data_that_are_lost_are_noticed_at_once(settings: Settings, client: Redis) -> None:
    """By the first call after it, of which nothing has happened; the next one serves. A start is no loss."""

    async def scenario() -> None:
        async with Connected(settings, SCRIPT) as connected:
            await first_answer(connected)
            assert connected.losses == 0
            assert await connected.calls.ask((CHARGE,)) == [0]
            client.flushdb()
            client.script_flush()
            with pytest.raises(RedisAwayError, match="lost its data") as raised:
                await connected.calls.ask((CHARGE,))
            assert not raised.value.sent
            assert client.keys("rl:{t}:*") == []
            assert await connected.calls.ask((CHARGE,)) == [0]
            assert connected.losses == 1

    asyncio.run(scenario())


async def first_answer(connected: Connected) -> None:
    """Ask until it is known whose data they are."""
    try:
        await connected.calls.ask((CHARGE,))
    except RedisAwayError:
        await connected.calls.ask((CHARGE,))
