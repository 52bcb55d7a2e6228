"""SIGHUP, which has ingest read its API keys and limits again: held back while it starts, because it would end it."""

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

# Windows has neither the signal nor the means.
_HANG_UP: Final[set[int]] = {signal.SIGHUP} if hasattr(signal, "SIGHUP") else set()


def hold() -> None:
    """Hold it back in this process, and in those that it starts, until each can follow it; none is lost."""
    if _HANG_UP:
        signal.pthread_sigmask(signal.SIG_BLOCK, _HANG_UP)


@contextmanager
def held() -> Iterator[None]:
    """The same while it is entered: for starting a process from one that follows it already."""
    if not _HANG_UP:
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, _HANG_UP)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def follow(do: Callable[[], None]) -> None:
    """Run ``do`` on the running loop whenever it comes, or came while it was held back."""
    import asyncio  # noqa: PLC0415 - the signal is to be held back before anything large is imported

    for number in _HANG_UP:
        asyncio.get_running_loop().add_signal_handler(number, do)
    _release()


def pass_on(do: Callable[[int], None]) -> None:
    """Call ``do`` with its number whenever it comes, or came while it was held back, in a process without a loop."""
    for number in _HANG_UP:
        signal.signal(number, lambda number, _frame: do(number))
    _release()


def _release() -> None:
    if _HANG_UP:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _HANG_UP)
