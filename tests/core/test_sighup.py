"""SIGHUP in the event loop."""

import asyncio
import os
import signal
from collections.abc import Callable

import pytest
from tests.fixtures.waiting import DEADLINE_SECONDS

from event_platform.core import event_loop, sighup

BURST = 50


@pytest.mark.parametrize("loop_factory", [None, event_loop.loop_factory()], ids=["asyncio", "ours"])
def test_a_burst_is_one_call(loop_factory: Callable[[], asyncio.AbstractEventLoop] | None) -> None:
    """Signals that arrive while the loop is busy are handled once, after the last of them."""
    sent_before_calls: list[int] = []

    async def run() -> None:
        sent, handled = 0, asyncio.Event()

        def handle() -> None:
            sent_before_calls.append(sent)
            handled.set()

        sighup.handle_in_loop(handle)
        for _ in range(BURST):
            os.kill(os.getpid(), signal.SIGHUP)
            sent += 1
        await asyncio.wait_for(handled.wait(), DEADLINE_SECONDS)

    before = signal.getsignal(signal.SIGHUP)
    with asyncio.Runner(loop_factory=loop_factory) as runner:
        runner.run(run())
    signal.signal(signal.SIGHUP, before)
    assert sent_before_calls == [BURST]
