"""A fatal error of the producer, caused by a real Kafka."""

import asyncio
from pathlib import Path

import pytest
from tests.fixtures.ingest_client import Published
from tests.fixtures.waiting import DEADLINE_SECONDS, eventually

from event_platform.core.connections import kafka
from event_platform.core.errors import UnavailableError
from event_platform.core.settings.model import Settings
from event_platform.ingest.delivery_outcomes import Record
from event_platform.ingest.dependency_status import DependencyStatus
from event_platform.ingest.publisher import Publisher
from event_platform.ingest.shared_counters import Counters, CounterTable


def record(key: str) -> Record:
    """Return a record that `Published` can find."""
    return Record(b"t:key", b'{"idempotency_key":"%b"}' % key.encode())


class StatusHistory(DependencyStatus):
    """A status that keeps the errors it was marked down with."""

    def __init__(self) -> None:
        super().__init__("kafka")
        self.errors: list[str] = []

    def mark_down(self, error: str) -> None:
        """Keep ``error``."""
        self.errors.append(error)
        super().mark_down(error)

    def had_fatal_error(self) -> bool:
        """Tell whether a fatal error was among them."""
        return any("the Kafka producer failed" in error for error in self.errors)


def test_fatal_error(settings: Settings, published: Published, tmp_path: Path) -> None:
    """The producer is replaced after a fatal error; Kafka stays marked down until the new one has delivered."""
    counters = Counters(CounterTable(tmp_path / "rows", 1).row(0))
    # With a gapless guarantee each record that the broker rejects is a fatal error: a way to cause one on demand.
    config = {
        **kafka.client_config(settings, "tests"),
        "enable.idempotence": True,
        "enable.gapless.guarantee": True,
        "message.max.bytes": 4_000_000,
        "linger.ms": 1,
        "message.timeout.ms": int(DEADLINE_SECONDS * 1_000),
    }

    async def scenario() -> None:
        status = StatusHistory()
        publisher = Publisher(settings.topic_raw, config, status, counters)
        try:
            async with asyncio.timeout(2 * DEADLINE_SECONDS):
                await publisher.publish(record("before"))
                assert status.is_up
                with pytest.raises(UnavailableError):
                    await publisher.publish(Record(b"t:key", b"x" * 2_000_000))
                await asyncio.to_thread(eventually, status.had_fatal_error, "the fatal error")
                assert not status.is_up
                await publisher.publish(record("after"))
                assert status.is_up
        finally:
            await publisher.close()

    asyncio.run(scenario())
    assert published.of_key("after")
