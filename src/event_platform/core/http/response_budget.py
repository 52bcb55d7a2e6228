"""A bound on the memory that answers take while their clients do not take them."""

import asyncio


class AnswerBudget:
    """Bytes of large answers that may wait at once.

    Where there are more, the client that has been at its answer for longest is cut off, so that whoever reads is
    served however many do not. One answer alone may be larger.

    Args:
        size_bytes: How many.
    """

    def __init__(self, size_bytes: int) -> None:
        self._left_bytes = size_bytes
        self._waiting: dict[asyncio.Transport, int] = {}

    def hold(self, transport: asyncio.Transport, size_bytes: int) -> None:
        """Hold so much for the client of ``transport``, until it is released."""
        self.release(transport)
        self._waiting[transport] = size_bytes
        self._left_bytes -= size_bytes
        while self._left_bytes < 0 and (oldest := next(iter(self._waiting))) is not transport:
            self.release(oldest)
            oldest.abort()

    def release(self, transport: asyncio.Transport) -> None:
        """The answer is taken, or its client gone."""
        self._left_bytes += self._waiting.pop(transport, 0)
