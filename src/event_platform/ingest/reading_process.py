"""A process that reads bodies for the event loop.

A thread would not do: a parser in C keeps all threads of a process waiting for as long as one call of it takes.
"""

import asyncio
import gc
import multiprocessing
import signal
import threading
from collections.abc import Callable
from multiprocessing.context import SpawnProcess
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeVar

from event_platform.core import sighup
from event_platform.core.telemetry import get_logger
from event_platform.ingest import problems

if TYPE_CHECKING:
    # It takes type arguments only where it is not run.
    from multiprocessing.connection import Connection

READ_SECONDS: Final = 15.0
"""A process that is not done by then is ended; the hardest bodies take some 2 s."""
_END_SECONDS: Final = 2.0

_Read = TypeVar("_Read")

log = get_logger(__name__)


class _Running(NamedTuple):
    process: SpawnProcess
    connection: "Connection[Any, Any]"


class ReadingProcess:
    """Starts when the first body comes, and anew after it failed; ends with the process that started it."""

    def __init__(self) -> None:
        self._running: _Running | None = None
        self._one = threading.Lock()

    async def read(self, body: bytes, reader: Callable[[bytes], _Read]) -> _Read:
        """What ``reader``, a function of some module, makes of ``body``.

        Raises:
            Exception: What ``reader`` raises.
            Refusal: 503 where the process failed or took too long.
        """
        exchange = asyncio.ensure_future(asyncio.to_thread(self._exchange, body, reader))
        try:
            await asyncio.wait((exchange,), timeout=READ_SECONDS)
        finally:
            if not exchange.done():
                # The thread waits for it, and learns its end.
                self._kill()
        outcome: Any = await exchange
        if isinstance(outcome, Exception):
            raise outcome
        return outcome  # type: ignore[no-any-return]  # it is what the reader made

    def end(self) -> None:
        """Let it end; from a thread, because that is waited for."""
        running, self._running = self._running, None
        if running is None:
            return
        running.connection.close()
        running.process.join(_END_SECONDS)
        if running.process.is_alive():
            running.process.kill()
            running.process.join()

    def _exchange(self, body: bytes, reader: Callable[[bytes], object]) -> object:
        with self._one:
            try:
                if self._running is None:
                    self._running = _start()
                self._running.connection.send((reader, body))
                return self._running.connection.recv()
            except (OSError, EOFError) as error:
                log.warning("the process that reads bodies failed; the next body starts another", error=repr(error))
                self.end()
                return problems.unavailable("reading the body failed; try again")

    def _kill(self) -> None:
        if self._running is not None:
            self._running.process.kill()


def _start() -> _Running:
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_serve, args=(theirs,), name="reading", daemon=True)
    with sighup.blocked():
        process.start()
    theirs.close()
    return _Running(process, ours)


def _serve(connection: "Connection[Any, Any]") -> None:
    """Read what comes until nobody is left who sends."""
    # A terminal's Ctrl-C is for the service, which ends in order.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # A body makes up to two million lists and no cycles: looking for some takes longer than all the rest.
    gc.freeze()
    gc.disable()
    while True:
        try:
            reader, body = connection.recv()
            connection.send(_outcome(reader, body))
        except (EOFError, OSError):
            return
        gc.collect()


def _outcome(reader: Callable[[bytes], object], body: bytes) -> object:
    try:
        return reader(body)
    except Exception as error:  # noqa: BLE001 - it is raised where the body came from
        return error
