"""A bound on the memory of responses that wait for slow clients."""

import asyncio


class ResponseBudget:
    """Bytes of large responses that may wait for their clients at once.

    When they exceed the budget, the connection whose response has waited for longest is aborted, so clients that read
    are served however many do not. A single response may exceed the budget.

    Args:
        size_bytes: The budget.
    """

    def __init__(self, size_bytes: int) -> None:
        self._left_bytes = size_bytes
        self._waiting: dict[asyncio.Transport, int] = {}

    def reserve(self, transport: asyncio.Transport, size_bytes: int) -> None:
        """Reserve the size of a response on ``transport`` until it is released."""
        self.release(transport)
        self._waiting[transport] = size_bytes
        self._left_bytes -= size_bytes
        while self._left_bytes < 0 and (oldest := next(iter(self._waiting))) is not transport:
            self.release(oldest)
            oldest.abort()

    def release(self, transport: asyncio.Transport) -> None:
        """Return the bytes of a response that was read, or whose client has disconnected."""
        self._left_bytes += self._waiting.pop(transport, 0)
