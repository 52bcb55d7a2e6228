"""Worker processes that are kept running: one that exits is restarted, after delays that grow."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from multiprocessing.process import BaseProcess
from typing import Final

from event_platform.core.backoff import delay_after
from event_platform.core.telemetry import get_logger

MAX_DELAY_SECONDS: Final = 10.0
STABLE_AFTER_SECONDS: Final = 60.0
"""A worker that ran for so long is restarted as if it had never exited before."""

log = get_logger(__name__)


@dataclass
class PoolWorker:
    """One worker of a pool, whichever process runs it now.

    Attributes:
        index: From 0; it stays the same through restarts.
        process: The latest process.
        restarts: In a row, each before the worker was stable.
        restart_at: When the worker is restarted, by the monotonic clock; None while its process runs.
    """

    index: int
    process: BaseProcess
    restarts: int = 0
    restart_at: float | None = None
    _started_at: float = field(default_factory=time.monotonic)

    def schedule_restart(self, first_delay_seconds: float) -> float:
        """Set when to restart the worker, whose process has exited, and return the delay."""
        is_stable = time.monotonic() - self._started_at > STABLE_AFTER_SECONDS
        self.restarts = 1 if is_stable else self.restarts + 1
        delay_seconds = delay_after(self.restarts, first_seconds=first_delay_seconds, longest_seconds=MAX_DELAY_SECONDS)
        self.restart_at = time.monotonic() + delay_seconds
        return delay_seconds

    def restarted(self, process: BaseProcess) -> None:
        """Continue with a new process."""
        self.process, self.restart_at = process, None
        self._started_at = time.monotonic()


class WorkerPool:
    """Starts a number of processes, and restarts those that exit whenever `supervise` is called.

    Args:
        count: How many workers.
        start: Starts the process of the worker with this index.
        on_exit: Called with the index of a worker whose process has exited.
        first_delay_seconds: Before the first restart; every further one in a row takes twice as long.
        exit_seconds: How long `stop` waits before it kills.
    """

    def __init__(
        self,
        count: int,
        start: Callable[[int], BaseProcess],
        *,
        on_exit: Callable[[int], None] = lambda _index: None,
        first_delay_seconds: float,
        exit_seconds: float,
    ) -> None:
        self._start = start
        self._on_exit = on_exit
        self._first_delay_seconds = first_delay_seconds
        self._exit_seconds = exit_seconds
        self.workers = [PoolWorker(index, start(index)) for index in range(count)]

    def supervise(self) -> None:
        """Schedule the restart of workers that have exited, and restart those that are due."""
        for worker in self.workers:
            if worker.restart_at is not None:
                if time.monotonic() >= worker.restart_at:
                    worker.restarted(self._start(worker.index))
            elif not worker.process.is_alive():
                self._schedule_restart(worker)

    def _schedule_restart(self, worker: PoolWorker) -> None:
        delay_seconds = worker.schedule_restart(self._first_delay_seconds)
        log.warning(
            "worker exited; restarting",
            worker=worker.index,
            exit_code=worker.process.exitcode,
            delay_seconds=delay_seconds,
        )
        self._on_exit(worker.index)

    def seconds_to_restart(self, longest_seconds: float) -> float:
        """How long until the next restart is due, at most ``longest_seconds``: for whoever waits between two calls."""
        due = [worker.restart_at - time.monotonic() for worker in self.workers if worker.restart_at is not None]
        return max(0.0, min([longest_seconds, *due]))

    def stop(self) -> None:
        """Terminate all processes, and kill those that take too long."""
        for worker in self.workers:
            worker.process.terminate()
        deadline = time.monotonic() + self._exit_seconds
        for worker in self.workers:
            worker.process.join(max(0.0, deadline - time.monotonic()))
            if worker.process.is_alive():
                log.warning("worker did not exit in time; killing it", worker=worker.index)
                worker.process.kill()
                worker.process.join()
