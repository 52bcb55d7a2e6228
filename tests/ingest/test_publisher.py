"""The producer's own failures, against a real Kafka."""

import asyncio
from collections.abc import Iterator

from confluent_kafka import KafkaError
from prometheus_client import CollectorRegistry
from tests.fixtures.servers import RunningServers
from tests.fixtures.waiting import DEADLINE_SECONDS

from event_platform.core.connections.replaceable_client import finds_brokers
from event_platform.core.errors import UnavailableError
from event_platform.core.settings.declaration import Settings
from event_platform.ingest.publication import Record
from event_platform.ingest.publisher import Publisher
from event_platform.ingest.service import _producer_config
from event_platform.ingest.standing import Standing
from event_platform.ingest.tally import Table, Tally, TallyCollector

FATAL = KafkaError(KafkaError._FATAL, "made up for a test", fatal=True)  # noqa: SLF001 - librdkafka's local codes are named so


def publisher_of(settings: Settings) -> Publisher:
    """A publisher as the service makes it."""
    return publisher_counting(settings, Table.private())


def publisher_counting(settings: Settings, table: Table) -> Publisher:
    """The same, with the table that it counts in, and a timeout that no busy machine reaches."""
    config = _producer_config(settings) | {"message.timeout.ms": int(DEADLINE_SECONDS * 1_000)}
    return Publisher(settings.topic_raw, config, Standing("kafka"), Tally(table.row(0)))


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
    # A producer that asks while Kafka wakes may be lost, which the service's probes would notice.
    async with asyncio.timeout(DEADLINE_SECONDS):
        while not finds_brokers(publisher._producer, settings.topic_raw):  # noqa: SLF001 - to ask it
            await publisher.probe()
    assert await publish(publisher, 50) == [None] * 50
    await publisher.close()
    assert publisher.queued == 0


def test_fatal_error(settings: Settings, servers: RunningServers) -> None:
    """After a fatal error nobody waits for the old producer, and a new one publishes."""
    asyncio.run(replace_while_kafka_hangs(settings, servers))


class HeardAtHandOver(list[Record]):
    """Records whose deliveries are heard before the last of them is handed over completely."""

    def __init__(self, publisher: Publisher, count: int) -> None:
        super().__init__(Record(b"k%d" % n, b"{}") for n in range(count))
        self._publisher = publisher

    def __iter__(self) -> Iterator[Record]:
        yield from super().__iter__()
        self._publisher._producer.flush()  # noqa: SLF001 - the only way to be sure that the deliveries are here


async def time_in_kafka(settings: Settings) -> float | None:
    """How many times are counted for two groups of events, one of them acknowledged before anybody waited for it."""
    table = Table.private()
    publisher = publisher_counting(settings, table)
    assert await publish(publisher, 3) == [None] * 3
    assert await publisher.publish_all(HeardAtHandOver(publisher, 3)) == [None] * 3
    assert await publisher.publish_all([]) == []
    await publisher.close()
    registry = CollectorRegistry()
    registry.register(TallyCollector(table))
    return registry.get_sample_value("ingest_kafka_seconds_count")


def test_time_in_kafka(settings: Settings) -> None:
    """Every group of events has its time counted once, however soon Kafka acknowledges it; no events, no time."""
    assert asyncio.run(time_in_kafka(settings)) == 2
