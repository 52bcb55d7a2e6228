"""The rate limit by what this ingest itself has counted: while Redis is away, and while it may not know of everything.

Every request is counted here before Redis is asked, and taken back where it did not fit; so what is on its way to Redis
when it goes away counts, too. As long as Redis knows of everything, nothing is decided by these counts.
"""

import math
from collections.abc import Callable

import msgspec

from event_platform.ingest.charges import SLOTS, Charges

_SLOT_MS = 5_000


class Held(msgspec.Struct, gc=False):
    """Requests of one tenant that are counted.

    Attributes:
        tenant: Whose.
        limit: Its limit.
        slot: Where they are counted.
        count: How many they are; fewer once some did not fit.
    """

    tenant: str
    limit: int
    slot: int
    count: int


class FallbackLimiter:
    """Counts requests of each tenant in slots of 5 s.

    Args:
        now_ms: A clock that never goes back, in milliseconds, and is the same for all that share ``charges``.
        charges: Where they are counted; private ones if it is not given.
    """

    def __init__(self, now_ms: Callable[[], float], charges: Charges | None = None) -> None:
        self._now_ms = now_ms
        self._charges = charges or Charges(Charges.memory(1), 0, 1)

    def distrust(self) -> None:
        """From now on, for as long as anything counts that was charged by now, Redis may not know of it."""
        self._charges.distrust(self._slot() + SLOTS - 1)

    def hold(self, tenant: str, limit: int, count: int) -> Held:
        """Count requests that are about to be asked for; where Redis cannot be trusted, as many as fit."""
        held = Held(tenant, limit, self._slot(), count)
        self._charges.add(tenant, held.slot, count)
        if not self._charges.is_trusted(held.slot):
            self.fit(held)
        return held

    def fit(self, held: Held) -> None:
        """Take back what of it is over the limit."""
        total = sum(self._charges.by_slot(held.tenant, self._slot()).values())
        self.give_back(held, min(held.count, max(0, total - held.limit)))

    def give_back(self, held: Held, count: int) -> None:
        """Count so many less."""
        if count:
            self._charges.add(held.tenant, held.slot, -count)
            held.count -= count

    def retry_ms(self, tenant: str) -> int:
        """The milliseconds after which a request fits that does not fit now."""
        now_ms, current = self._now_ms(), self._slot()
        oldest = min(self._charges.by_slot(tenant, current), default=current)
        return math.ceil((oldest + SLOTS) * _SLOT_MS - now_ms)

    def _slot(self) -> int:
        return int(self._now_ms() // _SLOT_MS)
