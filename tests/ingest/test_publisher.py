"""The producer's own failures, against a real Kafka."""

import asyncio

from confluent_kafka import KafkaError
from tests.fixtures.servers import RunningServers

from event_platform.core.errors import UnavailableError
from event_platform.core.settings import Settings
from event_platform.ingest.publisher import Publisher, Record
from event_platform.ingest.service import _producer_config
from event_platform.ingest.standing import Standing
from event_platform.ingest.tally import Table, Tally

FATAL = KafkaError(KafkaError._FATAL, "made up for a test", fatal=True)  # noqa: SLF001 - librdkafka's local codes are named so


def publisher_of(settings: Settings) -> Publisher:
    """A publisher as the service makes it."""
    tally = Tally(Table.private().row(0))
    return Publisher(settings.topic_raw, _producer_config(settings), Standing("kafka"), tally)


async def publish(publisher: Publisher, count: int) -> list[UnavailableError | None]:
    """Publish so many events together."""
    return await publisher.publish_all([Record(b"k%d" % n, b"{}") for n in range(count)])


async def replace_while_kafka_hangs(settings: Settings, servers: RunningServers) -> None:
    """Let the producer fail for good while events are on their way, then publish again."""
    publisher = publisher_of(settings)
    assert await publish(publisher, 3) == [None] * 3
    servers.pause("kafka")
    try:
        waiting = asyncio.create_task(publish(publisher, 50))
        await asyncio.sleep(0)
        publisher._replace(publisher._producer, FATAL)  # noqa: SLF001 - no Kafka can be made to cause it at will
        outcomes = await waiting
    finally:
        servers.resume("kafka")
    assert all(isinstance(outcome, UnavailableError) for outcome in outcomes)
    assert await publish(publisher, 50) == [None] * 50
    await publisher.close()
    assert publisher.queued == 0


def test_fatal_error(settings: Settings, servers: RunningServers) -> None:
    """After a fatal error nobody waits for the old producer, and a new one publishes."""
    asyncio.run(replace_while_kafka_hangs(settings, servers))
