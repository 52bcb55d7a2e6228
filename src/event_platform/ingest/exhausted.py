"""Tenants over their limit, whose requests are refused before they are read."""

import math
from collections.abc import Callable
from typing import Final, NamedTuple

from event_platform.core.errors import PlatformError
from event_platform.ingest import limits
from event_platform.ingest.admission import CHARGED, Tenant
from event_platform.ingest.problems import Refusal
from event_platform.ingest.script_calls import Operation, ScriptCalls

TRUST_SECONDS: Final = 1.0
"""For so long Redis' answer holds, and never beyond its retry time; quota is back earlier where Redis lost its data."""


class _Told(NamedTuple):
    asked_at: float
    retry_ms: int


class Exhausted:
    """Asks Redis about tenants who were refused before, and remembers the answer for a moment.

    Args:
        calls: The way to the script.
        now: Seconds of a clock that never goes back.
    """

    def __init__(self, calls: ScriptCalls, now: Callable[[], float]) -> None:
        self._calls = calls
        self._now = now
        self._told: dict[str, _Told | None] = {}

    def __contains__(self, tenant: str) -> bool:
        """Whether it is worth while to `look`."""
        return tenant in self._told

    def mark(self, tenant: str) -> None:
        """A request of ``tenant`` was just refused."""
        self._told.setdefault(tenant, None)

    def forget(self) -> None:
        """API keys or limits are others now."""
        self._told.clear()

    async def look(self, tenant: Tenant) -> Refusal | None:
        """429 for as long as nothing of ``tenant`` fits; None where its request is to be read. Charges nothing."""
        told = self._told.get(tenant.name)
        if told is None or self._now() - told.asked_at >= TRUST_SECONDS or self._left_ms(told) <= 0:
            told = self._told[tenant.name] = await self._ask(tenant)
        if told is None or self._left_ms(told) <= 0:
            self._told.pop(tenant.name, None)
            return None
        return limits.rate_limited(tenant.limit, self._left_ms(told))

    def _left_ms(self, told: _Told) -> int:
        return math.floor(told.retry_ms - (self._now() - told.asked_at) * 1_000)

    async def _ask(self, tenant: Tenant) -> _Told | None:
        asked_at = self._now()
        try:
            (answer,) = await self._calls.ask((Operation(None, "L", tenant.charged),))
        except PlatformError:
            # Without Redis others decide.
            return None
        return None if answer == CHARGED else _Told(asked_at, answer[1])
