"""A process that parses bodies for the event loop.

A thread would not do: a parser in C holds the interpreter's lock, and so blocks the event loop, for a whole call.
"""

import asyncio
import gc
import multiprocessing
import signal
import threading
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing.context import SpawnProcess
from typing import TYPE_CHECKING, Any, Final, TypeVar

from event_platform.core import sighup
from event_platform.core.telemetry import get_logger
from event_platform.ingest import rejections

if TYPE_CHECKING:
    # It takes type arguments only where it is not run.
    from multiprocessing.connection import Connection

PARSE_TIMEOUT_SECONDS: Final = 15.0
"""A process that takes longer is killed; the hardest bodies take some 2 s."""
_EXIT_SECONDS: Final = 2.0

_Parsed = TypeVar("_Parsed")

log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class _RunningProcess:
    process: SpawnProcess
    connection: "Connection[Any, Any]"


class ParserProcess:
    """Starts with the first body, restarts after a failure, and ends with the process that started it."""

    def __init__(self) -> None:
        self._running: _RunningProcess | None = None
        self._lock = threading.Lock()

    async def parse(self, body: bytes, parser: Callable[[bytes], _Parsed]) -> _Parsed:
        """Return what ``parser``, a function that can be pickled, returns for ``body``.

        Raises:
            Exception: What ``parser`` raises.
            Rejection: 503 where the process failed or took too long.
        """
        exchange = asyncio.ensure_future(asyncio.to_thread(self._exchange, body, parser))
        try:
            await asyncio.wait((exchange,), timeout=PARSE_TIMEOUT_SECONDS)
        finally:
            if not exchange.done():
                # The thread waits for the process, and notices that it is killed.
                self._kill()
        outcome: Any = await exchange
        if isinstance(outcome, Exception):
            raise outcome
        return outcome  # type: ignore[no-any-return]  # it is what the parser returned

    def stop(self) -> None:
        """Stop the process and wait for its exit; call it in a thread."""
        running, self._running = self._running, None
        if running is None:
            return
        running.connection.close()
        running.process.join(_EXIT_SECONDS)
        if running.process.is_alive():
            running.process.kill()
            running.process.join()

    def _exchange(self, body: bytes, parser: Callable[[bytes], object]) -> object:
        with self._lock:
            try:
                if self._running is None:
                    self._running = _start()
                self._running.connection.send((parser, body))
                return self._running.connection.recv()
            except (OSError, EOFError) as error:
                log.warning("parser process failed; restarting it for the next body", error=repr(error))
                self.stop()
                return rejections.unavailable("reading the body failed; try again")

    def _kill(self) -> None:
        if self._running is not None:
            self._running.process.kill()


def _start() -> _RunningProcess:
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_serve, args=(theirs,), name="parser", daemon=True)
    with sighup.blocked():
        process.start()
    theirs.close()
    return _RunningProcess(process, ours)


def _serve(connection: "Connection[Any, Any]") -> None:
    """Parse bodies until the other end of ``connection`` is closed."""
    # A terminal's Ctrl-C reaches this process, too, but the service ends it in order.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # A body makes up to two million lists and no cycles: collections while it is parsed would take most of the time.
    gc.freeze()
    gc.disable()
    while True:
        try:
            parser, body = connection.recv()
            connection.send(_outcome(parser, body))
        except (EOFError, OSError):
            return
        gc.collect()


def _outcome(parser: Callable[[bytes], object], body: bytes) -> object:
    try:
        return parser(body)
    except Exception as error:  # noqa: BLE001 - it is raised where the body came from
        return error
