"""Tenants over their limit, whose requests are rejected before their bodies are read."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from event_platform.core.errors import PlatformError
from event_platform.ingest import rate_limits
from event_platform.ingest.admission_batcher import AdmissionBatcher
from event_platform.ingest.admission_script import CHARGED, Operation
from event_platform.ingest.claims import Tenant
from event_platform.ingest.rejections import Rejection

CACHE_SECONDS: Final = 1.0
"""How long an answer of Redis is reused, at most until its retry time: quota returns earlier if Redis loses data."""


@dataclass(frozen=True, slots=True)
class _CachedQuota:
    fetched_at: float
    retry_ms: int


class OverLimitTenants:
    """Remembers for a moment which tenants Redis reports as over their limit.

    Args:
        batcher: Sends operations to the script.
        now: Seconds of a monotonic clock.
    """

    def __init__(self, batcher: AdmissionBatcher, now: Callable[[], float]) -> None:
        self._batcher = batcher
        self._now = now
        self._quotas: dict[str, _CachedQuota | None] = {}

    def __contains__(self, tenant: str) -> bool:
        """Tell whether `check` is worth a call."""
        return tenant in self._quotas

    def add(self, tenant: str) -> None:
        """Note that a request of ``tenant`` was just over the limit."""
        self._quotas.setdefault(tenant, None)

    def clear(self) -> None:
        """Forget all tenants, because API keys or limits changed."""
        self._quotas.clear()

    async def check(self, tenant: Tenant) -> Rejection | None:
        """Return the 429 while ``tenant`` is over its limit; None where its request must be read. Charges nothing."""
        quota = self._quotas.get(tenant.name)
        if quota is None or self._now() - quota.fetched_at >= CACHE_SECONDS or self._remaining_ms(quota) <= 0:
            quota = self._quotas[tenant.name] = await self._fetch(tenant)
        if quota is None or self._remaining_ms(quota) <= 0:
            self._quotas.pop(tenant.name, None)
            return None
        return rate_limits.rate_limited(tenant.limit, self._remaining_ms(quota))

    def _remaining_ms(self, quota: _CachedQuota) -> int:
        return math.floor(quota.retry_ms - (self._now() - quota.fetched_at) * 1_000)

    async def _fetch(self, tenant: Tenant) -> _CachedQuota | None:
        fetched_at = self._now()
        try:
            (answer,) = await self._batcher.submit((Operation(None, "L", tenant.charged),))
        except PlatformError:
            # While Redis is unavailable the request is read, and the fallback limiter decides.
            return None
        return None if answer == CHARGED else _CachedQuota(fetched_at, answer[1])
