"""Shared measurements end with the service, without a word."""

import asyncio
import gc
from contextlib import suppress
from typing import Any

import pytest

from event_platform.admin.shared_result import Refreshed


@pytest.mark.parametrize("fails", [True, False])
def test_a_measurement_that_runs_at_the_end_is_left(*, fails: bool) -> None:
    """Who asked for it is gone; whether it has failed by then or still runs, nobody is told of a lost error."""
    assert asyncio.run(_end(fails=fails)) == []


async def _end(*, fails: bool) -> list[dict[str, Any]]:
    told: list[dict[str, Any]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _loop, context: told.append(context))
    began, is_over = asyncio.Event(), asyncio.Event()

    async def measure() -> None:
        began.set()
        await is_over.wait()
        raise RuntimeError("cannot schedule new futures after shutdown")

    shared = Refreshed(measure, 1.0)
    asking = asyncio.create_task(shared.repeat(1.0))
    await began.wait()
    asking.cancel()
    with suppress(asyncio.CancelledError):
        await asking
    if fails:
        is_over.set()
        for _ in range(10):
            await asyncio.sleep(0)
    await shared.end()
    is_over.set()
    await asyncio.sleep(0)
    del shared, asking
    gc.collect()
    return told
