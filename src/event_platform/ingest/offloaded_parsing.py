"""Parses expensive bodies in processes of their own, so that one tenant's bodies never delay the others."""

import asyncio
import re
from collections.abc import Callable
from contextlib import AsyncExitStack
from typing import Final, TypeVar
from weakref import WeakValueDictionary

from event_platform.core.strict_json import count_opening_brackets
from event_platform.ingest import rejections
from event_platform.ingest.parser_process import ParserProcess

ALWAYS_INLINE_BYTES: Final = 8_192
"""A body up to this size is parsed inline: within some 2 ms, whatever it holds."""
INLINE_MAX_BYTES: Final = 65_536
INLINE_MAX_PARTS: Final = 4_096
INLINE_MAX_PARTS_WITH_SURROGATES: Final = 1_024
"""So is one up to this size with at most so many opening brackets and commas: within some 4 ms. In a text with
surrogates, which may be lone ones, each of them takes longer."""
HARD_BRACKETS: Final = 65_536
HARD_COMMAS: Final = 131_072
"""A body with more of either is hard: it may take 2 s. With fewer it takes some 0.3 s at most."""
QUEUE_TIMEOUT_SECONDS: Final = 3.0
"""How long a body waits for its turn."""

_SURROGATE: Final = re.compile(rb"\\u[dD][89a-fA-F]")

_Parsed = TypeVar("_Parsed")


class OffloadedParser:
    """Two processes that parse one body at a time each: one for long bodies, one for hard ones (deep, or many parts).

    So a producer of large events or ordinary batches never waits for somebody's hard bodies.
    """

    def __init__(self) -> None:
        self._long = _TenantQueue()
        self._hard = _TenantQueue()

    async def parse(self, tenant: str, body: bytes, parser: Callable[[bytes], _Parsed]) -> _Parsed:
        """Return what ``parser``, a function that can be pickled, returns for ``body``.

        Raises:
            Rejection: What ``parser`` raises, or 503 where too many such bodies come at once.
        """
        if len(body) <= ALWAYS_INLINE_BYTES:
            return parser(body)
        brackets, commas = count_opening_brackets(body), body.count(b",")
        if len(body) <= INLINE_MAX_BYTES and _is_cheap(body, brackets + commas):
            return parser(body)
        queue = self._hard if brackets > HARD_BRACKETS or commas > HARD_COMMAS else self._long
        return await queue.parse(tenant, body, parser)

    async def close(self) -> None:
        """Stop the processes."""
        await asyncio.gather(self._long.close(), self._hard.close())


def _is_cheap(body: bytes, parts: int) -> bool:
    if parts <= INLINE_MAX_PARTS_WITH_SURROGATES:
        return True
    return parts <= INLINE_MAX_PARTS and not _SURROGATE.search(body)


class _TenantQueue:
    """Queue of one process; each tenant has at most one body in it, so that tenants take turns."""

    def __init__(self) -> None:
        self._process = ParserProcess()
        self._turn = asyncio.Lock()
        self._tenant_turns: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    async def parse(self, tenant: str, body: bytes, parser: Callable[[bytes], _Parsed]) -> _Parsed:
        tenant_turn = self._tenant_turns.setdefault(tenant, asyncio.Lock())
        async with AsyncExitStack() as turns:
            try:
                async with asyncio.timeout(QUEUE_TIMEOUT_SECONDS):
                    await turns.enter_async_context(tenant_turn)
                    await turns.enter_async_context(self._turn)
            except TimeoutError:
                raise rejections.unavailable("too many bodies come that take long to read; try again") from None
            return await self._process.parse(body, parser)

    async def close(self) -> None:
        await asyncio.to_thread(self._process.stop)
