"""Bodies that take long to read, beside the event loop."""

import asyncio
import os
import signal
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import psutil
import pytest
from tests.fixtures.processes import command_of, has_ended
from tests.fixtures.waiting import DEADLINE_SECONDS, eventually

from event_platform.ingest import problems, reading_process, slow_lane
from event_platform.ingest.batch_envelope import read_items
from event_platform.ingest.problems import Refusal
from event_platform.ingest.request import Event, read_object
from event_platform.ingest.slow_lane import SlowLane

HARD = b'{"a":["\\ud800",' + b"[]," * 100_000 + b"1]}"
HARD_BATCH = b'{"events":[{"idempotency_key":"a","event":' + HARD + b"}]}"
NUMBERS = b'{"a":[' + b"1e5," * 800_000 + b"1]}"
FULL_EVENT = b'{"a":[' + b",".join([b"[" * 60 + b"]" * 60] * 2_150) + b"]}"
FULL_BATCH = (
    b'{"events":[' + b",".join(b'{"idempotency_key":"%d","event":%b}' % (n, FULL_EVENT) for n in range(3)) + b"]}"
)
LONG_BATCH = b'{"events":[' + b",".join(b'{"idempotency_key":"%d","event":{"a":[]}}' % n for n in range(1_000)) + b"]}"
QUICK = b'{"a":"' + b"x" * 60_000 + b'"}'

read_batch = partial(read_items, max_event_bytes=262_144)


def children() -> set[int]:
    """Processes that this one has started."""
    return {child.pid for child in psutil.Process().children() if "resource_tracker" not in command_of(child)}


def name_process(body: bytes) -> tuple[int, int]:
    """A reader that tells which process reads."""
    return os.getpid(), len(body)


def wait_for_file(body: bytes) -> bytes:
    """A reader that ends when the file named in the body is there."""
    eventually(Path(body.strip(b"[").decode()).exists, "the file")
    return body


def never_end(_body: bytes) -> None:
    """A reader that ends by signal only."""
    while True:
        signal.pause()


def end_process(_body: bytes) -> None:
    """A reader that takes its process with it."""
    os.kill(os.getpid(), signal.SIGKILL)


def play(what: Callable[[SlowLane], Any]) -> Any:  # noqa: ANN401 - whatever it returns
    """Run ``what`` on a lane, and leave no process behind."""

    async def run() -> Any:  # noqa: ANN401 - the same
        before, lane = children(), SlowLane()
        try:
            async with asyncio.timeout(DEADLINE_SECONDS):
                return await what(lane)
        finally:
            started = [psutil.Process(pid) for pid in children() - before]
            await lane.close()
            assert all(map(has_ended, started))

    return asyncio.run(run())


@pytest.mark.parametrize(
    ("body", "reader"),
    [(HARD, read_object), (NUMBERS, read_object), (HARD_BATCH, read_batch), (FULL_BATCH, read_batch)],
)
def test_others_go_on(body: bytes, reader: Callable[[bytes], Any]) -> None:
    """A body that takes long is read in another process, with the same result, and the loop turns on."""

    async def read(lane: SlowLane) -> int:
        assert (await lane.read("t", body, name_process))[0] != os.getpid()
        reading = asyncio.create_task(lane.read("t", body, reader))
        turns = 0
        while not reading.done():
            await asyncio.sleep(0.001)
            turns += 1
        assert str(await reading) == str(reader(body))
        return turns

    assert play(read) > 5


def test_what_is_quick_is_read_here() -> None:
    """No small body, and no larger one with few parts, waits for another process."""

    async def read(lane: SlowLane) -> list[int]:
        bodies = (b"{}", b"[" * slow_lane.SHORT_BYTES, QUICK, b"[" * 10_000, QUICK + b" " * slow_lane.QUICK_BYTES)
        return [(await lane.read("t", body, name_process))[0] for body in bodies]

    *here, many_brackets, many_bytes = play(read)
    assert set(here) == {os.getpid()}
    assert os.getpid() not in {many_brackets, many_bytes}


def test_refusals_are_the_same() -> None:
    """What is refused elsewhere is refused here, with the very problem that it is known by."""

    async def read(lane: SlowLane) -> Refusal:
        with pytest.raises(Refusal) as refused:
            await lane.read("t", HARD[:-1], read_object)
        return refused.value

    refusal = play(read)
    assert refusal.problem is problems.INVALID_JSON
    assert "not strict JSON in UTF-8: " in refusal.message


def test_hard_ones_hold_up_no_long_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """While one hard body is read, another waits for a while and is told to come again; a long one does not wait."""
    monkeypatch.setattr(slow_lane, "WAIT_SECONDS", 0.05)
    told = tmp_path / "told"

    async def read(lane: SlowLane) -> None:
        hard = b"[" * 100_000 + bytes(told)
        first = asyncio.create_task(lane.read("t", hard, wait_for_file))
        await asyncio.sleep(0)
        for tenant in ("t", "u"):
            with pytest.raises(Refusal) as refused:
                await lane.read(tenant, HARD, read_object)
            assert refused.value.problem is problems.UNAVAILABLE
        assert (await lane.read("u", LONG_BATCH, name_process))[0] != os.getpid()
        assert all(isinstance(item, Event) for item in await lane.read("u", LONG_BATCH, read_batch))
        assert not first.done()
        told.touch()
        assert await first == hard

    play(read)


def test_tenants_in_turn(tmp_path: Path) -> None:
    """A tenant whose bodies wait already does not come before another who sends one."""
    told = tmp_path / "told"
    order: list[str] = []

    async def read(lane: SlowLane) -> None:
        async def one(tenant: str) -> None:
            await lane.read(tenant, HARD, name_process)
            order.append(tenant)

        first = asyncio.create_task(lane.read("a", b"[" * 100_000 + bytes(told), wait_for_file))
        await asyncio.sleep(0)
        many = [asyncio.create_task(one("a")) for _ in range(5)]
        await asyncio.sleep(0)
        other = asyncio.create_task(one("b"))
        await asyncio.sleep(0)
        told.touch()
        await asyncio.gather(first, other, *many)

    play(read)
    assert order.index("b") <= 1


@pytest.mark.parametrize("reader", [never_end, end_process])
def test_a_process_that_fails(monkeypatch: pytest.MonkeyPatch, reader: Callable[[bytes], Any]) -> None:
    """One that takes too long, or ends, costs its body a 503; the next body is read by another."""

    async def read(lane: SlowLane) -> None:
        first = await lane.read("t", HARD, name_process)
        monkeypatch.setattr(reading_process, "READ_SECONDS", 0.2)
        with pytest.raises(Refusal) as refused:
            await lane.read("t", HARD, reader)
        assert refused.value.problem is problems.UNAVAILABLE
        monkeypatch.undo()
        assert first != await lane.read("t", HARD, name_process)
        assert len(await lane.read("t", HARD, read_object)) == 32

    play(read)
