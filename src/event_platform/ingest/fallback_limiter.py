"""The rate limit while Redis is away: the same slots, in this process, with this process' share of the limit."""

import math
from collections.abc import Callable

_SLOT_MS = 5_000
_SLOTS = 13
"""The slots of the last 60 s, and the oldest one whole."""


class FallbackLimiter:
    """Counts requests of each tenant in memory.

    Args:
        workers: Processes that share the limit.
        now_ms: A clock that never goes back, in milliseconds.
    """

    def __init__(self, workers: int, now_ms: Callable[[], float]) -> None:
        self._workers = workers
        self._now_ms = now_ms
        self._slots: dict[str, dict[int, int]] = {}

    def take(self, tenant: str, limit: int) -> int | None:
        """Charge one request; None if it fits, else the milliseconds after which a retry does."""
        now_ms = self._now_ms()
        current = int(now_ms // _SLOT_MS)
        slots = self._slots.setdefault(tenant, {})
        for old in [slot for slot in slots if slot <= current - _SLOTS]:
            del slots[old]
        if sum(slots.values()) < self._share(limit):
            slots[current] = slots.get(current, 0) + 1
            return None
        return math.ceil((min(slots) + _SLOTS) * _SLOT_MS - now_ms)

    def _share(self, limit: int) -> int:
        return max(1, limit // self._workers)
