"""The publisher against real Kafka: a fatal error of its producer."""

import asyncio
from pathlib import Path

import pytest
from tests.fixtures.ingest_client import Published
from tests.fixtures.waiting import DEADLINE_SECONDS, eventually

from event_platform.core.connections import kafka
from event_platform.core.errors import UnavailableError
from event_platform.core.settings.declaration import Settings
from event_platform.ingest.publication import Record
from event_platform.ingest.publisher import Publisher
from event_platform.ingest.standing import Standing
from event_platform.ingest.tally import Table, Tally


def record(key: str) -> Record:
    """A message that `Published` can find."""
    return Record(b"t:key", b'{"idempotency_key":"%b"}' % key.encode())


class Remembering(Standing):
    """A standing that remembers why it fell."""

    def __init__(self) -> None:
        super().__init__("kafka")
        self.errors: list[str] = []

    def fall(self, error: str) -> None:
        """It cannot be used, because of ``error``."""
        self.errors.append(error)
        super().fall(error)

    def failed_for_good(self) -> bool:
        """Whether a fatal error was among the reasons."""
        return any("the Kafka producer failed" in error for error in self.errors)


def test_fatal_error(settings: Settings, published: Published, tmp_path: Path) -> None:
    """The producer is replaced after a fatal error; Kafka counts as down until the new one has delivered."""
    tally = Tally(Table(tmp_path / "rows", 1).row(0))
    # With a gapless guarantee each message that the broker refuses is a fatal error: a way to a real one on demand.
    config = {
        **kafka.client_config(settings, "tests"),
        "enable.idempotence": True,
        "enable.gapless.guarantee": True,
        "message.max.bytes": 4_000_000,
        "linger.ms": 1,
        "message.timeout.ms": int(DEADLINE_SECONDS * 1_000),
    }

    async def play() -> None:
        standing = Remembering()
        publisher = Publisher(settings.topic_raw, config, standing, tally)
        try:
            async with asyncio.timeout(2 * DEADLINE_SECONDS):
                await publisher.publish(record("before"))
                assert standing.up
                with pytest.raises(UnavailableError):
                    await publisher.publish(Record(b"t:key", b"x" * 2_000_000))
                await asyncio.to_thread(eventually, standing.failed_for_good, "the fatal error")
                assert not standing.up
                await publisher.publish(record("after"))
                assert standing.up
        finally:
            await publisher.close()

    asyncio.run(play())
    assert published.of_key("after")
