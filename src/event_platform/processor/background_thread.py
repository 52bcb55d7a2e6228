"""One thread that runs one piece of work after another."""

import queue
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, Final, TypeVar

T = TypeVar("T")

SWITCH_INTERVAL_SECONDS: Final = 0.000_1
"""For `sys.setswitchinterval`: how long the decoding thread keeps the GIL while the writer thread waits for it.

At Python's default of 5 ms the writer waits so long after each of its statements, while Postgres is idle: that halved
the throughput.
"""


class BackgroundThread:
    """A daemon thread with a queue: it ends with the process, whatever it is waiting for."""

    def __init__(self, name: str) -> None:
        self._queue: queue.SimpleQueue[tuple[Future[Any], Callable[[], Any]]] = queue.SimpleQueue()
        threading.Thread(target=self._run, name=name, daemon=True).start()

    def submit(self, work: Callable[[], T]) -> "Future[T]":
        """Run ``work`` after what was submitted before."""
        future: Future[T] = Future()
        self._queue.put((future, work))
        return future

    def _run(self) -> None:
        while True:
            future, work = self._queue.get()
            try:
                future.set_result(work())
            except BaseException as error:  # noqa: BLE001 - the thread that waits for the result handles it
                future.set_exception(error)
