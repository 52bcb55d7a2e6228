"""The open loop: starts each request when the schedule says, whatever the answers do."""

import asyncio
import threading
from collections.abc import Iterable
from typing import Final

from event_platform.loadgen.sending.sender import Clock, Sender
from event_platform.loadgen.traffic.events import Request

_MIN_SLEEP_SECONDS: Final = 0.001
"""Resolution of the event loop's timers; a shorter sleep would only burn the CPU that the platform needs."""

_MAX_SLEEP_SECONDS: Final = 0.1
"""Bound on how long a stop goes unnoticed."""

_EXPIRY_INTERVAL_SECONDS: Final = 0.02
_GRACE_SECONDS: Final = 2.0
"""How long answers are awaited after a stop."""


async def send_on_schedule(
    requests: Iterable[Request], sender: Sender, start: float, stop: threading.Event, clock: Clock
) -> float:
    """Send all ``requests`` and wait for their results.

    Args:
        requests: What to send, in the order of their starts.
        sender: Sends them; it is closed at the end.
        start: Time on ``clock`` at which the run starts.
        stop: Ends the run early once set.
        clock: Monotonic time in seconds.

    Returns:
        Seconds from the start of the run to the start of the last request.
    """
    expiry = asyncio.create_task(_expire_periodically(sender))
    try:
        await _start_all(requests, sender, start, stop, clock)
        sending_seconds = clock() - start
        await _await_results(sender, stop)
    finally:
        expiry.cancel()
        await sender.close()
    return sending_seconds


async def _start_all(
    requests: Iterable[Request], sender: Sender, start: float, stop: threading.Event, clock: Clock
) -> None:
    last_yield = clock()
    for request in requests:
        intended = start + request.start_seconds
        while not stop.is_set() and (left := intended - clock()) > 0:
            await asyncio.sleep(min(max(left, _MIN_SLEEP_SECONDS), _MAX_SLEEP_SECONDS))
            last_yield = clock()
        if stop.is_set():
            return
        sender.start(request, intended)
        # Even when behind schedule, the event loop has to read answers.
        if clock() - last_yield > _MIN_SLEEP_SECONDS:
            await asyncio.sleep(0)
            last_yield = clock()


async def _await_results(sender: Sender, stop: threading.Event) -> None:
    idle = asyncio.ensure_future(sender.wait_until_idle())
    while not stop.is_set() and not idle.done():
        await asyncio.wait([idle], timeout=_MAX_SLEEP_SECONDS)
    sender.stop_retrying()
    await asyncio.wait([idle], timeout=_GRACE_SECONDS)
    sender.abort_all()
    await idle


async def _expire_periodically(sender: Sender) -> None:
    while True:
        await asyncio.sleep(_EXPIRY_INTERVAL_SECONDS)
        sender.expire()
