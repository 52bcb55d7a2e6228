"""Reads in processes of their own what takes long to read, so that one tenant's bodies never hold up the others."""

import asyncio
import re
from collections.abc import Callable
from contextlib import AsyncExitStack
from typing import Final, TypeVar
from weakref import WeakValueDictionary

from event_platform.core.strict_json import count_opening_brackets
from event_platform.ingest import problems
from event_platform.ingest.reading_process import ReadingProcess

SHORT_BYTES: Final = 8_192
"""A body of at most this size is read at once: within some 2 ms, whatever it holds."""
QUICK_BYTES: Final = 65_536
QUICK_PARTS: Final = 4_096
QUICK_PARTS_WITH_SURROGATES: Final = 1_024
"""So is one of at most so many bytes with so many brackets that open, and commas: within some 4 ms. Where a surrogate
may be alone, each of them takes longer."""
LONG_BRACKETS: Final = 65_536
LONG_COMMAS: Final = 131_072
"""A body with more of either is hard: it may take 2 s. With fewer it takes some 0.3 s at most."""
WAIT_SECONDS: Final = 3.0
"""For so long a body waits for its turn."""

_SURROGATE: Final = re.compile(rb"\\u[dD][89a-fA-F]")

_Read = TypeVar("_Read")


class SlowLane:
    """Two processes read one body at a time each: one what is long, one what is hard (deep, or full of small parts).

    So whoever sends large events or batches as they usually are never waits for somebody's hard ones.
    """

    def __init__(self) -> None:
        self._long = _Lane()
        self._hard = _Lane()

    async def read(self, tenant: str, body: bytes, reader: Callable[[bytes], _Read]) -> _Read:
        """What ``reader``, a function of some module, makes of ``body``.

        Raises:
            Refusal: What ``reader`` raises, or 503 where too many such bodies come at once.
        """
        if len(body) <= SHORT_BYTES:
            return reader(body)
        brackets, commas = count_opening_brackets(body), body.count(b",")
        if len(body) <= QUICK_BYTES and _is_quick(body, brackets + commas):
            return reader(body)
        lane = self._hard if brackets > LONG_BRACKETS or commas > LONG_COMMAS else self._long
        return await lane.read(tenant, body, reader)

    async def close(self) -> None:
        """End the processes."""
        await asyncio.gather(self._long.close(), self._hard.close())


def _is_quick(body: bytes, parts: int) -> bool:
    if parts <= QUICK_PARTS_WITH_SURROGATES:
        return True
    return parts <= QUICK_PARTS and not _SURROGATE.search(body)


class _Lane:
    """One process; each tenant has one body at most in line for it, so that tenants come in turn."""

    def __init__(self) -> None:
        self._process = ReadingProcess()
        self._turn = asyncio.Lock()
        self._turns: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    async def read(self, tenant: str, body: bytes, reader: Callable[[bytes], _Read]) -> _Read:
        own = self._turns.setdefault(tenant, asyncio.Lock())
        async with AsyncExitStack() as held:
            try:
                async with asyncio.timeout(WAIT_SECONDS):
                    await held.enter_async_context(own)
                    await held.enter_async_context(self._turn)
            except TimeoutError:
                raise problems.unavailable("too many bodies come that take long to read; try again") from None
            return await self._process.read(body, reader)

    async def close(self) -> None:
        await asyncio.to_thread(self._process.end)
