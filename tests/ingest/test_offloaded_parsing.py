"""Parsing of expensive bodies beside the event loop."""

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

from event_platform.ingest import offloaded_parsing, parser_process, rejections
from event_platform.ingest.batch_envelope import read_items
from event_platform.ingest.event import Event, fingerprint_object
from event_platform.ingest.offloaded_parsing import OffloadedParser
from event_platform.ingest.rejections import Rejection

HARD = b'{"a":["\\ud800",' + b"[]," * 100_000 + b"1]}"
HARD_BATCH = b'{"events":[{"idempotency_key":"a","event":' + HARD + b"}]}"
NUMBERS = b'{"a":[' + b"1e5," * 800_000 + b"1]}"
FULL_EVENT = b'{"a":[' + b",".join([b"[" * 60 + b"]" * 60] * 2_150) + b"]}"
FULL_BATCH = (
    b'{"events":[' + b",".join(b'{"idempotency_key":"%d","event":%b}' % (n, FULL_EVENT) for n in range(3)) + b"]}"
)
LONG_BATCH = b'{"events":[' + b",".join(b'{"idempotency_key":"%d","event":{"a":[]}}' % n for n in range(1_000)) + b"]}"
CHEAP = b'{"a":"' + b"x" * 60_000 + b'"}'

read_batch = partial(read_items, max_event_bytes=262_144)


def children() -> set[int]:
    """Return the ids of child processes."""
    return {child.pid for child in psutil.Process().children() if "resource_tracker" not in command_of(child)}


def name_process(body: bytes) -> tuple[int, int]:
    """Return the id of the process that parses; a parser."""
    return os.getpid(), len(body)


def wait_for_file(body: bytes) -> bytes:
    """Return when the file named in the body exists; a parser."""
    eventually(Path(body.strip(b"[").decode()).exists, "the file")
    return body


def never_end(_body: bytes) -> None:
    """Run until a signal ends it; a parser."""
    while True:
        signal.pause()


def end_process(_body: bytes) -> None:
    """Kill the process that parses; a parser."""
    os.kill(os.getpid(), signal.SIGKILL)


def run_with_parser(scenario: Callable[[OffloadedParser], Any]) -> Any:  # noqa: ANN401 - whatever it returns
    """Run ``scenario`` with a parser, and assert that it leaves no process behind."""

    async def run() -> Any:  # noqa: ANN401 - whatever the scenario returns
        before, offloaded = children(), OffloadedParser()
        try:
            async with asyncio.timeout(DEADLINE_SECONDS):
                return await scenario(offloaded)
        finally:
            started = [psutil.Process(pid) for pid in children() - before]
            await offloaded.close()
            assert all(map(has_ended, started))

    return asyncio.run(run())


@pytest.mark.parametrize(
    ("body", "parser"),
    [(HARD, fingerprint_object), (NUMBERS, fingerprint_object), (HARD_BATCH, read_batch), (FULL_BATCH, read_batch)],
)
def test_event_loop_is_not_blocked(body: bytes, parser: Callable[[bytes], Any]) -> None:
    """An expensive body is parsed in another process, with the same result, while the event loop keeps turning."""

    async def scenario(offloaded: OffloadedParser) -> int:
        assert (await offloaded.parse("t", body, name_process))[0] != os.getpid()
        parsing = asyncio.create_task(offloaded.parse("t", body, parser))
        turns = 0
        while not parsing.done():
            await asyncio.sleep(0.001)
            turns += 1
        assert str(await parsing) == str(parser(body))
        return turns

    assert run_with_parser(scenario) > 5


def test_cheap_bodies_are_parsed_inline() -> None:
    """A small body, or a larger one with few parts, is parsed in this process."""

    async def scenario(offloaded: OffloadedParser) -> list[int]:
        small = (b"{}", b"[" * offloaded_parsing.ALWAYS_INLINE_BYTES, CHEAP)
        large = (b"[" * 10_000, CHEAP + b" " * offloaded_parsing.INLINE_MAX_BYTES)
        return [(await offloaded.parse("t", body, name_process))[0] for body in (*small, *large)]

    *inline, many_brackets, many_bytes = run_with_parser(scenario)
    assert set(inline) == {os.getpid()}
    assert os.getpid() not in {many_brackets, many_bytes}


def test_rejections_pass_through() -> None:
    """A rejection raised in the other process is raised here with the same, identical kind."""

    async def scenario(offloaded: OffloadedParser) -> Rejection:
        with pytest.raises(Rejection) as raised:
            await offloaded.parse("t", HARD[:-1], fingerprint_object)
        return raised.value

    rejection = run_with_parser(scenario)
    assert rejection.kind is rejections.INVALID_JSON
    assert "not strict JSON in UTF-8: " in rejection.message


def test_hard_bodies_do_not_delay_long_ones(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """While one hard body is parsed, another one waits for a while and gets a 503; a long one does not wait."""
    monkeypatch.setattr(offloaded_parsing, "QUEUE_TIMEOUT_SECONDS", 0.05)
    file = tmp_path / "told"

    async def scenario(offloaded: OffloadedParser) -> None:
        hard = b"[" * 100_000 + bytes(file)
        first = asyncio.create_task(offloaded.parse("t", hard, wait_for_file))
        await asyncio.sleep(0)
        for tenant in ("t", "u"):
            with pytest.raises(Rejection) as raised:
                await offloaded.parse(tenant, HARD, fingerprint_object)
            assert raised.value.kind is rejections.UNAVAILABLE
        assert (await offloaded.parse("u", LONG_BATCH, name_process))[0] != os.getpid()
        assert all(isinstance(item, Event) for item in await offloaded.parse("u", LONG_BATCH, read_batch))
        assert not first.done()
        file.touch()
        assert await first == hard

    run_with_parser(scenario)


def test_tenants_take_turns(tmp_path: Path) -> None:
    """A tenant with several waiting bodies does not go before another tenant with one."""
    file = tmp_path / "told"
    order: list[str] = []

    async def scenario(offloaded: OffloadedParser) -> None:
        async def parse_one(tenant: str) -> None:
            await offloaded.parse(tenant, HARD, name_process)
            order.append(tenant)

        first = asyncio.create_task(offloaded.parse("a", b"[" * 100_000 + bytes(file), wait_for_file))
        await asyncio.sleep(0)
        many = [asyncio.create_task(parse_one("a")) for _ in range(5)]
        await asyncio.sleep(0)
        other = asyncio.create_task(parse_one("b"))
        await asyncio.sleep(0)
        file.touch()
        await asyncio.gather(first, other, *many)

    run_with_parser(scenario)
    assert order.index("b") <= 1


@pytest.mark.parametrize("parser", [never_end, end_process])
def test_failing_process(monkeypatch: pytest.MonkeyPatch, parser: Callable[[bytes], Any]) -> None:
    """A process that takes too long or exits costs its body a 503; a new process parses the next body."""

    async def scenario(offloaded: OffloadedParser) -> None:
        first = await offloaded.parse("t", HARD, name_process)
        monkeypatch.setattr(parser_process, "PARSE_TIMEOUT_SECONDS", 0.2)
        with pytest.raises(Rejection) as raised:
            await offloaded.parse("t", HARD, parser)
        assert raised.value.kind is rejections.UNAVAILABLE
        monkeypatch.undo()
        assert first != await offloaded.parse("t", HARD, name_process)
        assert len(await offloaded.parse("t", HARD, fingerprint_object)) == 32

    run_with_parser(scenario)
