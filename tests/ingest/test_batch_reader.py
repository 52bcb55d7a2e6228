"""Batches that are hard to read, beside the event loop."""

import asyncio

import pytest

from event_platform.ingest import batch_reader
from event_platform.ingest.batch_reader import BatchReader
from event_platform.ingest.problems import Refusal
from event_platform.ingest.request import Event

HARD = b'{"events":[{"idempotency_key":"a","event":{"a":["\\ud800",' + b"[]," * 250_000 + b"1]}}]}"
EASY = b'{"events":[' + b",".join(b'{"idempotency_key":"%d","event":{}}' % n for n in range(1_000)) + b"]}"


def test_others_go_on() -> None:
    """While megabytes are read that only Python's parser can read, the event loop serves others."""

    async def play() -> int:
        reading = asyncio.create_task(BatchReader(262_144).read(HARD))
        turns = 0
        while not reading.done():
            await asyncio.sleep(0.001)
            turns += 1
        (item,) = await reading
        assert isinstance(item, Refusal)
        assert item.problem.code == "PAYLOAD_TOO_LARGE"
        return turns

    assert asyncio.run(play()) > 20


def test_one_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """A second one waits for a while and is told to come again; what is read at once does not wait."""
    monkeypatch.setattr(batch_reader, "WAIT_SECONDS", 0.05)

    async def play() -> None:
        reader = BatchReader(262_144)
        first = asyncio.create_task(reader.read(HARD))
        await asyncio.sleep(0)
        with pytest.raises(Refusal) as refused:
            await reader.read(HARD)
        assert refused.value.problem.code == "UNAVAILABLE"
        assert all(isinstance(item, Event) for item in await reader.read(EASY))
        assert not first.done()
        await first
        assert len(await reader.read(HARD)) == 1

    asyncio.run(play())
