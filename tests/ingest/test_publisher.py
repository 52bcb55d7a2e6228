"""Publishing to a real Kafka: outcomes while the producer is replaced, and the time that is counted."""

import asyncio
from collections.abc import Iterator

from confluent_kafka import KafkaError
from prometheus_client import CollectorRegistry
from tests.fixtures.servers import RunningServers
from tests.fixtures.waiting import DEADLINE_SECONDS

from event_platform.core.connections.replaceable_client import finds_brokers
from event_platform.core.errors import UnavailableError
from event_platform.core.settings.model import Settings
from event_platform.ingest.delivery_outcomes import Record
from event_platform.ingest.dependency_status import DependencyStatus
from event_platform.ingest.publisher import Publisher
from event_platform.ingest.service import _producer_config
from event_platform.ingest.shared_counters import Counters, CountersCollector, CounterTable

FATAL = KafkaError(KafkaError._FATAL, "made up for a test", fatal=True)  # noqa: SLF001 - librdkafka's local codes are named so


def publisher_of(settings: Settings) -> Publisher:
    """Return a publisher as the service makes it."""
    return publisher_counting(settings, CounterTable.private())


def publisher_counting(settings: Settings, table: CounterTable) -> Publisher:
    """Return a publisher that counts in ``table``, with a timeout that no busy machine reaches."""
    config = _producer_config(settings) | {"message.timeout.ms": int(DEADLINE_SECONDS * 1_000)}
    return Publisher(settings.topic_raw, config, DependencyStatus("kafka"), Counters(table.row(0)))


async def publish(publisher: Publisher, count: int) -> list[UnavailableError | None]:
    """Publish ``count`` events together."""
    return await publisher.publish_all([Record(b"k%d" % n, b"{}") for n in range(count)])


async def replace_while_kafka_hangs(settings: Settings, servers: RunningServers) -> None:
    """Replace the producer while deliveries are pending, then publish again."""
    publisher = publisher_of(settings)
    assert await publish(publisher, 3) == [None] * 3
    servers.pause("kafka")
    try:
        waiting = asyncio.create_task(publish(publisher, 50))
        await asyncio.sleep(0)
        publisher._producer.replace(publisher._producer.current, FATAL)  # noqa: SLF001 - no Kafka causes a fatal error on demand
        outcomes = await waiting
    finally:
        servers.resume("kafka")
    assert all(isinstance(outcome, UnavailableError) for outcome in outcomes)
    # A producer that asks while Kafka resumes may lose it, which the service's probes would notice.
    async with asyncio.timeout(DEADLINE_SECONDS):
        while not finds_brokers(publisher._producer.current, settings.topic_raw):  # noqa: SLF001 - the publisher does not expose it
            await publisher.probe()
    assert await publish(publisher, 50) == [None] * 50
    await publisher.close()
    assert publisher.pending_events == 0


def test_fatal_error(settings: Settings, servers: RunningServers) -> None:
    """After a fatal error no event waits for the old producer, and a new one publishes."""
    asyncio.run(replace_while_kafka_hangs(settings, servers))


class RecordsDeliveredEarly(list[Record]):
    """Records whose deliveries are reported before the last of them is handed over."""

    def __init__(self, publisher: Publisher, count: int) -> None:
        super().__init__(Record(b"k%d" % n, b"{}") for n in range(count))
        self._publisher = publisher

    def __iter__(self) -> Iterator[Record]:
        yield from super().__iter__()
        self._publisher._producer.current.flush()  # noqa: SLF001 - nothing else waits until all deliveries are reported


async def time_in_kafka(settings: Settings) -> float | None:
    """Return how often the time was counted for two groups of events, one acknowledged before the wait for it began."""
    table = CounterTable.private()
    publisher = publisher_counting(settings, table)
    assert await publish(publisher, 3) == [None] * 3
    assert await publisher.publish_all(RecordsDeliveredEarly(publisher, 3)) == [None] * 3
    assert await publisher.publish_all([]) == []
    await publisher.close()
    registry = CollectorRegistry()
    registry.register(CountersCollector(table))
    return registry.get_sample_value("ingest_kafka_seconds_count")


def test_time_in_kafka(settings: Settings) -> None:
    """The time of every group of events is counted once, however early Kafka acknowledges it; no events count none."""
    assert asyncio.run(time_in_kafka(settings)) == 2
