"""The open loop: each request starts when the schedule says, whatever the answers do."""

import asyncio
from collections.abc import Iterable

from event_platform.loadgen.sending.sender import Clock, Sender
from event_platform.loadgen.traffic.plan import Request

_SHORTEST_SLEEP_SECONDS = 0.001
"""The loop's timers are no finer; sleeping for less would only burn the CPU that the platform needs."""

_LONGEST_SLEEP_SECONDS = 0.1
_EXPIRY_SECONDS = 0.02
_GRACE_SECONDS = 2.0


class Stop:
    """Set from outside to end a run early."""

    def __init__(self) -> None:
        self.asked = False

    def ask(self) -> None:
        """Start nothing more."""
        self.asked = True


async def send(requests: Iterable[Request], sender: Sender, start: float, stop: Stop, clock: Clock) -> float:
    """Send all ``requests``, ``start`` being the clock's time of second 0, and wait for their ends.

    Returns:
        How long requests were being started, in seconds.
    """
    expiry = asyncio.create_task(_expire(sender))
    try:
        await _launch(requests, sender, start, stop, clock)
        lasted_seconds = clock() - start
        await _drain(sender, stop)
    finally:
        expiry.cancel()
        await sender.close()
    return lasted_seconds


async def _launch(requests: Iterable[Request], sender: Sender, start: float, stop: Stop, clock: Clock) -> None:
    begun = clock()
    for request in requests:
        intended = start + request.at
        while not stop.asked and (left := intended - clock()) > 0:
            await asyncio.sleep(min(max(left, _SHORTEST_SLEEP_SECONDS), _LONGEST_SLEEP_SECONDS))
            begun = clock()
        if stop.asked:
            return
        sender.launch(request, intended)
        # Behind its schedule the loop must still read answers.
        if clock() - begun > _SHORTEST_SLEEP_SECONDS:
            await asyncio.sleep(0)
            begun = clock()


async def _drain(sender: Sender, stop: Stop) -> None:
    drained = asyncio.ensure_future(sender.drained())
    while not stop.asked and not drained.done():
        await asyncio.wait([drained], timeout=_LONGEST_SLEEP_SECONDS)
    sender.stop_retrying()
    await asyncio.wait([drained], timeout=_GRACE_SECONDS)
    sender.cut_off()
    await drained


async def _expire(sender: Sender) -> None:
    while True:
        await asyncio.sleep(_EXPIRY_SECONDS)
        sender.expire()
