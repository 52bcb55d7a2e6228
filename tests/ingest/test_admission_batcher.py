"""Replies of Redis: answers of the script, errors, and anything else."""

import asyncio
from collections.abc import Iterator
from typing import Self

import pytest
from redis import Redis
from tests.fixtures.ingest_client import redis_of
from tests.fixtures.waiting import eventually

from event_platform.core.connections import redis
from event_platform.core.settings.model import Settings
from event_platform.ingest.admission_batcher import AdmissionBatcher
from event_platform.ingest.admission_script import PROBE, SCRIPT, Operation
from event_platform.ingest.dependency_status import DependencyStatus
from event_platform.ingest.redis_address import RedisAddress
from event_platform.ingest.redis_client import HOLD_DOWN_SECONDS, RedisScriptClient
from event_platform.ingest.redis_connection import RedisUnavailableError
from event_platform.ingest.shared_counters import Counters, CounterTable

CHARGE = Operation(None, "Q", ("t", 10))


@pytest.fixture
def client(settings: Settings) -> Iterator[Redis]:
    """Return a client of an empty Redis database with a list under ``list``."""
    client = redis_of(settings)
    client.flushdb()
    client.rpush("list", "x")
    yield client
    client.close()


class ConnectedBatcher:
    """A batcher with a connected client, as in the service."""

    def __init__(self, settings: Settings, script: str) -> None:
        self.status = DependencyStatus("redis")
        self.data_losses = 0
        self.client = RedisScriptClient(
            RedisAddress.parse(redis.url(settings)), script, self.status, DependencyStatus("clock")
        )
        counters = Counters(CounterTable.private().row(0))
        self.batcher = AdmissionBatcher(self.client, (1_000, 1_000), self.status, counters, self._count_data_loss)

    def _count_data_loss(self) -> None:
        self.data_losses += 1

    async def __aenter__(self) -> Self:
        """Connect to Redis."""
        self._task = asyncio.create_task(self.client.keep_connected(PROBE))
        async with asyncio.timeout(60):
            await self.client.first_attempt_done.wait()
        return self

    async def __aexit__(self, *_error: object) -> None:
        """Disconnect."""
        self._task.cancel()
        self.client.close()
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
def test_unexpected_reply_is_an_outage(settings: Settings, script: str) -> None:
    """An error, also in place of one answer, and anything that the script never returns count as an outage."""

    async def scenario() -> None:
        async with ConnectedBatcher(settings, script) as connected:
            for _ in range(2):
                with pytest.raises(RedisUnavailableError, match="admitting requests") as raised:
                    await connected.batcher.submit((CHARGE,))
                assert raised.value.sent
                assert not connected.status.is_up

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
def test_server_error_ends_the_connection(settings: Settings, error: str, is_kept: bool) -> None:  # noqa: FBT001 - a column
    """A server error ends the connection, so that its name is resolved again; another error does not."""

    async def scenario() -> None:
        async with ConnectedBatcher(settings, f"return redis.error_reply('{error} some message')") as connected:
            with pytest.raises(RedisUnavailableError) as raised:
                await connected.batcher.submit((CHARGE,))
            assert raised.value.sent is is_kept

    asyncio.run(scenario())


def test_successful_probe_does_not_end_hold_down(settings: Settings) -> None:
    """After a refused call Redis stays marked down for a while, even if it answers probes."""
    script = "if KEYS[1] == 'ingest:probe' then return 1 end return redis.error_reply('ERR only probes')"

    async def scenario() -> None:
        async with ConnectedBatcher(settings, script) as connected:
            assert connected.status.is_up
            fetched_at = asyncio.get_running_loop().time()
            with pytest.raises(RedisUnavailableError):
                await connected.batcher.submit((CHARGE,))
            assert not connected.status.is_up
            await asyncio.to_thread(eventually, lambda: connected.status.is_up, "Redis to be marked up")
            assert asyncio.get_running_loop().time() - fetched_at > HOLD_DOWN_SECONDS

    asyncio.run(scenario())


def test_data_loss_is_detected_by_the_next_call(settings: Settings, client: Redis) -> None:
    """The first call after a loss fails without effect, the next one succeeds; a start is no loss."""

    async def scenario() -> None:
        async with ConnectedBatcher(settings, SCRIPT) as connected:
            await first_answer(connected)
            assert connected.data_losses == 0
            assert await connected.batcher.submit((CHARGE,)) == [0]
            client.flushdb()
            client.script_flush()
            with pytest.raises(RedisUnavailableError, match="lost its data") as raised:
                await connected.batcher.submit((CHARGE,))
            assert not raised.value.sent
            assert client.keys("rl:{t}:*") == []
            assert await connected.batcher.submit((CHARGE,)) == [0]
            assert connected.data_losses == 1

    asyncio.run(scenario())


async def first_answer(connected: ConnectedBatcher) -> None:
    """Submit until the epoch of the data is known."""
    try:
        await connected.batcher.submit((CHARGE,))
    except RedisUnavailableError:
        await connected.batcher.submit((CHARGE,))
