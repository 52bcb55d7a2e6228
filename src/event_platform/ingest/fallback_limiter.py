"""The rate limit by this service's own counts, for when Redis is unavailable or has stale counts.

Every request is counted here before Redis is asked, and subtracted if it did not fit; so requests that are on their way
to Redis when it fails count, too. While Redis has complete counts, these decide nothing.
"""

import math
from collections.abc import Callable
from typing import Final

import msgspec

from event_platform.ingest.shared_rate_counts import SLOTS, SharedRateCounts

_SLOT_MS: Final = 5_000


class QuotaReservation(msgspec.Struct, gc=False):
    """Counted requests of one tenant.

    Attributes:
        tenant: The tenant's name.
        limit: The tenant's limit.
        slot: The time slot that they are counted in.
        count: How many they are; fewer once some did not fit.
    """

    tenant: str
    limit: int
    slot: int
    count: int


class FallbackLimiter:
    """Counts the requests of each tenant in time slots of 5 s.

    Args:
        now_ms: Milliseconds of a monotonic clock that is the same for all processes that share ``rate_counts``.
        rate_counts: The counts; private ones by default.
    """

    def __init__(self, now_ms: Callable[[], float], rate_counts: SharedRateCounts | None = None) -> None:
        self._now_ms = now_ms
        self._rate_counts = rate_counts or SharedRateCounts(SharedRateCounts.memory(1), 0, 1)

    def mark_redis_stale(self) -> None:
        """Decide by these counts until everything counted so far is outside the window: Redis may lack some of it."""
        self._rate_counts.mark_stale_through(self._slot() + SLOTS - 1)

    def reserve(self, tenant: str, limit: int, count: int) -> QuotaReservation:
        """Count requests before Redis is asked; where Redis is stale, only as many as fit."""
        reservation = QuotaReservation(tenant, limit, self._slot(), count)
        self._rate_counts.add(tenant, reservation.slot, count)
        if self._rate_counts.is_redis_stale(reservation.slot):
            self.trim_to_limit(reservation)
        return reservation

    def trim_to_limit(self, reservation: QuotaReservation) -> None:
        """Subtract what is over the limit."""
        total = sum(self._rate_counts.by_slot(reservation.tenant, self._slot()).values())
        self.refund(reservation, min(reservation.count, max(0, total - reservation.limit)))

    def refund(self, reservation: QuotaReservation, count: int) -> None:
        """Subtract ``count`` requests."""
        if count:
            self._rate_counts.add(reservation.tenant, reservation.slot, -count)
            reservation.count -= count

    def retry_ms(self, tenant: str) -> int:
        """Return the milliseconds until a request fits again."""
        now_ms, current = self._now_ms(), self._slot()
        oldest = min(self._rate_counts.by_slot(tenant, current), default=current)
        return math.ceil((oldest + SLOTS) * _SLOT_MS - now_ms)

    def _slot(self) -> int:
        return int(self._now_ms() // _SLOT_MS)
