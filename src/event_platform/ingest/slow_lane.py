"""Reads beside the event loop what takes long to read, so that one tenant's bodies never hold up the others."""

import asyncio
from collections.abc import Callable
from typing import Final, TypeVar

from event_platform.core.strict_json import opening_brackets
from event_platform.ingest import problems
from event_platform.ingest.json_parts import is_quick

SHORT_BYTES: Final = 65_536
"""A body of at most this size is read within some 50 ms, whatever it holds."""
MANY_BRACKETS: Final = 262_144
"""A longer one with at most so many that open takes some 100 ms, if it can be read at once at all."""
WAIT_SECONDS: Final = 1.0
"""For so long a body waits for the one that is being read."""

_Read = TypeVar("_Read")


class SlowLane:
    """Reads one body at a time that is long and hard to read: very deep, full of brackets, or with lone surrogates."""

    def __init__(self) -> None:
        self._turn = asyncio.Lock()

    async def read(self, body: bytes, reader: Callable[[bytes], _Read]) -> _Read:
        """What ``reader`` makes of ``body``.

        Raises:
            Refusal: What ``reader`` raises, or 503 where too many such bodies come at once.
        """
        if len(body) <= SHORT_BYTES or (opening_brackets(body) <= MANY_BRACKETS and is_quick(body)):
            return reader(body)
        try:
            await asyncio.wait_for(self._turn.acquire(), WAIT_SECONDS)
        except TimeoutError:
            raise problems.unavailable("too many bodies come that are hard to read; try again") from None
        try:
            return await asyncio.to_thread(reader, body)
        finally:
            self._turn.release()
