"""Bodies that are hard to read, beside the event loop."""

import asyncio
import threading
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from tests.fixtures.waiting import DEADLINE_SECONDS

from event_platform.ingest import slow_lane
from event_platform.ingest.batch_envelope import read_items
from event_platform.ingest.problems import Refusal
from event_platform.ingest.request import Event, read_object
from event_platform.ingest.slow_lane import SlowLane

HARD = b'{"a":["\\ud800",' + b"[]," * 100_000 + b"1]}"
HARD_BATCH = b'{"events":[{"idempotency_key":"a","event":' + HARD + b"}]}"
FULL_EVENT = b'{"a":[' + b",".join([b"[" * 60 + b"]" * 60] * 2_150) + b"]}"
FULL_BATCH = (
    b'{"events":[' + b",".join(b'{"idempotency_key":"%d","event":%b}' % (n, FULL_EVENT) for n in range(3)) + b"]}"
)
EASY_BATCH = b'{"events":[' + b",".join(b'{"idempotency_key":"%d","event":{}}' % n for n in range(1_000)) + b"]}"

read_batch = partial(read_items, max_event_bytes=262_144)


@pytest.mark.parametrize(("body", "reader"), [(HARD, read_object), (HARD_BATCH, read_batch), (FULL_BATCH, read_batch)])
def test_others_go_on(body: bytes, reader: Callable[[bytes], Any]) -> None:
    """While a body is read that only Python's parser can read, or one full of arrays, the event loop serves others."""

    async def play() -> int:
        reading = asyncio.create_task(SlowLane().read(body, reader))
        turns = 0
        while not reading.done():
            await asyncio.sleep(0.001)
            turns += 1
        assert str(await reading) == str(reader(body))
        return turns

    assert asyncio.run(play()) > 5


def test_one_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """A second one waits for a while and is told to come again; what is read at once does not wait."""
    monkeypatch.setattr(slow_lane, "WAIT_SECONDS", 0.05)
    may_end = threading.Event()

    def read_until_told(body: bytes) -> bytes:
        assert may_end.wait(DEADLINE_SECONDS)
        return body

    async def play() -> None:
        lane = SlowLane()
        first = asyncio.create_task(lane.read(HARD_BATCH, read_until_told))
        await asyncio.sleep(0)
        with pytest.raises(Refusal) as refused:
            await lane.read(HARD, read_object)
        assert refused.value.problem.code == "UNAVAILABLE"
        assert all(isinstance(item, Event) for item in await lane.read(EASY_BATCH, read_batch))
        assert not first.done()
        may_end.set()
        assert await first == HARD_BATCH
        assert len(await lane.read(HARD, read_object)) == 32

    asyncio.run(play())
