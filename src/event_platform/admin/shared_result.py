"""Measurements that are costly enough to be shared by all who ask at the same time."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

from event_platform.core.telemetry import get_logger

Measured = TypeVar("Measured")

log = get_logger(__name__)


class Refreshed(Generic[Measured]):
    """A measurement of at most a given age; however many ask, one runs at a time.

    Args:
        measure: Takes it; must end by itself.
        max_age_seconds: How old an answer may be.
    """

    def __init__(self, measure: Callable[[], Awaitable[Measured]], max_age_seconds: float) -> None:
        self._measure = measure
        self._max_age_seconds = max_age_seconds
        self._running: asyncio.Task[Measured] | None = None
        self._taken_at = 0.0

    async def get(self) -> Measured:
        """The measurement that runs, or a recent one, or a new one."""
        task = self._running
        if task is None or (task.done() and not self._is_fresh(task)):
            task = self._running = asyncio.create_task(self._take())
        # One who stops waiting must not take the measurement from the others.
        return await asyncio.shield(task)

    def _is_fresh(self, task: "asyncio.Task[Measured]") -> bool:
        failed = task.cancelled() or task.exception() is not None
        return not failed and time.monotonic() - self._taken_at < self._max_age_seconds

    async def _take(self) -> Measured:
        measured = await self._measure()
        self._taken_at = time.monotonic()
        return measured

    async def end(self) -> None:
        """Leave the one that runs; nobody asks any more, and what it still needs is closed next."""
        task = self._running
        if task is None:
            return
        task.cancel()
        await asyncio.wait({task})
        if not task.cancelled():
            # Who asked for it is gone; unless somebody looks, its failure is an error in the log.
            task.exception()

    async def repeat(self, pause_seconds: float) -> None:
        """Take it again and again, so that what depends on its history is known when somebody asks."""
        while True:
            try:
                await self.get()
            except Exception:
                # One that failed must not be the last.
                log.exception("a measurement failed")
            await asyncio.sleep(pause_seconds)
