"""SIGHUP, on which ingest reloads its API keys and rate limits.

Its default action ends the process, so every process blocks it at the start, until its handler is installed. A signal
that arrives while it is blocked stays pending and is handled then.
"""

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

# Windows has neither the signal nor a way to block one.
_SIGHUP: Final[set[int]] = {signal.SIGHUP} if hasattr(signal, "SIGHUP") else set()


def block() -> None:
    """Block SIGHUP in this process and in the processes it starts, until each of them installs a handler."""
    if _SIGHUP:
        signal.pthread_sigmask(signal.SIG_BLOCK, _SIGHUP)


@contextmanager
def blocked() -> Iterator[None]:
    """Block SIGHUP inside the context, so that a child started there inherits it blocked."""
    if not _SIGHUP:
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, _SIGHUP)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def handle_in_loop(handler: Callable[[], None]) -> None:
    """Call ``handler`` in the running event loop after SIGHUP, and unblock the signal.

    One call answers all signals that arrived before it, so that a burst of signals leaves no backlog of calls.
    """
    import asyncio  # noqa: PLC0415 - the signal has to be blocked before anything large is imported

    loop, is_due = asyncio.get_running_loop(), False

    def call() -> None:
        nonlocal is_due
        is_due = False
        handler()

    def schedule() -> None:
        nonlocal is_due
        if not is_due:
            is_due = True
            loop.call_soon(call)

    for number in _SIGHUP:
        loop.add_signal_handler(number, schedule)
    _unblock()


def handle_in_process(handler: Callable[[int], None]) -> None:
    """Call ``handler`` with the signal's number on every SIGHUP in a process without event loop, and unblock it."""
    for number in _SIGHUP:
        signal.signal(number, lambda number, _frame: handler(number))
    _unblock()


def _unblock() -> None:
    if _SIGHUP:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _SIGHUP)
