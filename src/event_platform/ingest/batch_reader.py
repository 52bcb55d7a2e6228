"""Reads batches beside the event loop where it takes long, so that one tenant's batch never holds up the others."""

import asyncio
from collections.abc import Sequence
from typing import Final

from event_platform.ingest import problems
from event_platform.ingest.batch_envelope import read_items
from event_platform.ingest.json_parts import is_quick
from event_platform.ingest.problems import Refusal
from event_platform.ingest.request import Event

SHORT_BYTES: Final = 65_536
"""A batch of at most this size is read within some 50 ms, whatever it holds."""
WAIT_SECONDS: Final = 1.0
"""For so long a batch waits for the one that is being read."""


class BatchReader:
    """Reads one batch at a time that is long and that only Python's own parser can read (deep, lone surrogates).

    Args:
        max_event_bytes: Largest event.
    """

    def __init__(self, max_event_bytes: int) -> None:
        self._max_event_bytes = max_event_bytes
        self._turn = asyncio.Lock()

    async def read(self, body: bytes) -> Sequence[Event | Refusal]:
        """The items of a batch in their order.

        Raises:
            Refusal: What `read_items` raises, or 503 where too many such batches come at once.
        """
        if len(body) <= SHORT_BYTES or is_quick(body):
            return read_items(body, self._max_event_bytes)
        try:
            await asyncio.wait_for(self._turn.acquire(), WAIT_SECONDS)
        except TimeoutError:
            raise problems.unavailable("too many batches that are hard to read; try again") from None
        try:
            return await asyncio.to_thread(read_items, body, self._max_event_bytes)
        finally:
            self._turn.release()
