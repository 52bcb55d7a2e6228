"""A shared computation ends with the service, without an error in the log."""

import asyncio
import gc
from contextlib import suppress
from typing import Any

import pytest

from event_platform.admin.shared_result import SharedResult


@pytest.mark.parametrize("fails", [True, False])
def test_a_computation_is_abandoned_at_shutdown(*, fails: bool) -> None:
    """No caller is left; whether it fails or still runs, asyncio reports no unretrieved exception."""
    assert asyncio.run(_end(fails=fails)) == []


async def _end(*, fails: bool) -> list[dict[str, Any]]:
    reported: list[dict[str, Any]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _loop, context: reported.append(context))
    began, is_over = asyncio.Event(), asyncio.Event()

    async def compute() -> None:
        began.set()
        await is_over.wait()
        raise RuntimeError("cannot schedule new futures after shutdown")

    shared = SharedResult(compute, 1.0)
    asking = asyncio.create_task(shared.refresh_forever(1.0))
    await began.wait()
    asking.cancel()
    with suppress(asyncio.CancelledError):
        await asking
    if fails:
        is_over.set()
        for _ in range(10):
            await asyncio.sleep(0)
    await shared.close()
    is_over.set()
    await asyncio.sleep(0)
    del shared, asking
    gc.collect()
    return reported
