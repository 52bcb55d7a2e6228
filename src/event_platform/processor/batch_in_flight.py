"""The batch that Postgres is working on: one at a time, while the main loop prepares the next one."""

import time
from collections.abc import Callable
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeoutError
from typing import Final, Generic, TypeVar

from event_platform.processor.background_thread import BackgroundThread
from event_platform.processor.storage.batch import Batch

Result = TypeVar("Result")

SERVE_EVERY_SECONDS: Final = 0.2


class BatchInFlight(Generic[Result]):
    """Runs the work of one batch on the writer thread, and waits for it without leaving Kafka unserved."""

    def __init__(
        self,
        thread: BackgroundThread,
        *,
        on_start: Callable[[Batch], None],
        on_finish: Callable[[Result], None],
        while_waiting: Callable[[], None],
    ) -> None:
        """Work on ``thread``; the other three are called on the main loop's thread.

        Args:
            thread: Where the work runs.
            on_start: Called with a batch whose work starts.
            on_finish: Called with the result of a batch's work.
            while_waiting: Called again and again while the loop waits; it may raise `StoppedError`.
        """
        self._thread = thread
        self._on_start = on_start
        self._on_finish = on_finish
        self._while_waiting = while_waiting
        self._running: Future[Result] | None = None
        self._started_at = 0.0

    def is_empty(self) -> bool:
        """Whether no batch is in flight."""
        return self._running is None

    def is_done(self) -> bool:
        """Whether a batch is in flight whose work has ended."""
        return self._running is not None and self._running.done()

    def seconds(self) -> float:
        """How long the latest batch has been in flight."""
        return time.monotonic() - self._started_at

    def start(self, batch: Batch, work: Callable[[], Result]) -> None:
        """Wait for the batch before, then start the ``work`` of this one."""
        self.finish()
        self._on_start(batch)
        self._started_at = time.monotonic()
        self._running = self._thread.submit(work)

    def finish(self) -> None:
        """Wait for the batch in flight, if there is one.

        Raises:
            StoppedError: The process ends.
        """
        if self._running is not None:
            result = self._wait(self._running)
            self._running = None
            self._on_finish(result)

    def _wait(self, running: "Future[Result]") -> Result:
        while not running.done():
            try:
                return running.result(SERVE_EVERY_SECONDS)
            except FutureTimeoutError:
                self._while_waiting()
        return running.result()

    def last_result(self, timeout_seconds: float) -> Result | None:
        """The result of the batch in flight, waited for without serving Kafka; None where there is no batch.

        Raises:
            TimeoutError: It takes longer.
            StoppedError: The work was given up, because the process ends.
        """
        return None if self._running is None else self._running.result(timeout_seconds)
