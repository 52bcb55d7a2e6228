"""Results that are expensive enough for all concurrent callers to share one."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

from event_platform.core.telemetry import get_logger

Result = TypeVar("Result")

log = get_logger(__name__)


class SharedResult(Generic[Result]):
    """A result of at most a given age; only one computation runs at a time, however many callers wait.

    Args:
        compute: Produces a new result; must end by itself.
        max_age_seconds: How long a result is served before a new one is computed.
    """

    def __init__(self, compute: Callable[[], Awaitable[Result]], max_age_seconds: float) -> None:
        self._compute = compute
        self._max_age_seconds = max_age_seconds
        self._task: asyncio.Task[Result] | None = None
        self._computed_at = 0.0

    async def get(self) -> Result:
        """Return a recent result, or wait for the running or a new computation."""
        task = self._task
        if task is None or (task.done() and not self._is_fresh(task)):
            task = self._task = asyncio.create_task(self._run())
        # Cancelling one caller must not cancel the computation that others wait for.
        return await asyncio.shield(task)

    def _is_fresh(self, task: "asyncio.Task[Result]") -> bool:
        failed = task.cancelled() or task.exception() is not None
        return not failed and time.monotonic() - self._computed_at < self._max_age_seconds

    async def _run(self) -> Result:
        result = await self._compute()
        self._computed_at = time.monotonic()
        return result

    async def close(self) -> None:
        """Cancel a running computation, so that what it uses can be closed next."""
        task = self._task
        if task is None:
            return
        task.cancel()
        await asyncio.wait({task})
        if not task.cancelled():
            # No caller is left to retrieve the exception; asyncio would log it as never retrieved.
            task.exception()

    async def refresh_forever(self, pause_seconds: float) -> None:
        """Compute it at least once per ``pause_seconds``, for results that depend on earlier ones; until cancelled."""
        while True:
            try:
                await self.get()
            except Exception:
                # One failure must not end the loop.
                log.exception("refreshing a shared result failed")
            await asyncio.sleep(pause_seconds)
