"""One thread that does one piece of work after the other."""

import queue
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, Final, TypeVar

T = TypeVar("T")

SWITCH_INTERVAL_SECONDS: Final = 0.000_1
"""For `sys.setswitchinterval`: after so long a thread that decodes lets the one in that talks to Postgres.

At Python's 5 ms the latter waits so long after each of its steps, while Postgres does nothing: that halved the rate.
"""


class Background:
    """A thread that ends with the process, whatever it is waiting for."""

    def __init__(self, name: str) -> None:
        """Start it."""
        self._waiting: queue.SimpleQueue[tuple[Future[Any], Callable[[], Any]]] = queue.SimpleQueue()
        threading.Thread(target=self._run, name=name, daemon=True).start()

    def submit(self, work: Callable[[], T]) -> "Future[T]":
        """Do ``work`` after what was submitted before."""
        future: Future[T] = Future()
        self._waiting.put((future, work))
        return future

    def _run(self) -> None:
        while True:
            future, work = self._waiting.get()
            try:
                future.set_result(work())
            except BaseException as error:  # noqa: BLE001 - it is the waiting thread's to handle
                future.set_exception(error)
