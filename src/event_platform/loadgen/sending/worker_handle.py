"""A worker process as its parent sees it: start, messages, end."""

import contextlib
import multiprocessing
import signal
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from multiprocessing.connection import Connection as Pipe
from multiprocessing.process import BaseProcess
from typing import Any, Final

from event_platform.core.errors import PlatformError
from event_platform.loadgen.sending import worker_main
from event_platform.loadgen.sending.run_config import RunConfig

_JOIN_SECONDS: Final = 1.0


@dataclass
class WorkerProcess:
    """One worker, and the parent's end of the pipe to it."""

    process: BaseProcess
    pipe: Pipe
    finished: bool = False

    def receive(self) -> Any:  # noqa: ANN401 - "ready", Counters or WorkerFinished
        """Wait for the worker's next message.

        Raises:
            PlatformError: The worker died.
        """
        try:
            return self.pipe.recv()
        except (EOFError, OSError) as error:
            self.process.join(_JOIN_SECONDS)
            raise PlatformError(f"a sending process exited with status {self.process.exitcode}") from error

    def send_start(self, start: float) -> None:
        """Tell the worker when the run starts, on the monotonic clock."""
        self.pipe.send(start)

    def send_stop(self) -> None:
        """Tell the worker to stop early."""
        # The pipe is broken if the worker has just finished.
        with contextlib.suppress(OSError):
            self.pipe.send("stop")

    def end(self) -> None:
        """Close the pipe and wait for the process, killing it if it does not end."""
        self.pipe.close()
        self.process.join(_JOIN_SECONDS)
        self.process.kill()
        self.process.join()


@contextlib.contextmanager
def started_workers(config: RunConfig, count: int) -> Iterator[list[WorkerProcess]]:
    """Start ``count`` workers that share ``config``, each with an attempt log of its own; end them on exit."""
    workers: list[WorkerProcess] = []
    try:
        for index in range(count):
            attempt_log = config.attempt_log and config.attempt_log.with_suffix(f".{index}")
            workers.append(_start(replace(config, share=(index, count), attempt_log=attempt_log)))
        yield workers
    finally:
        for each in workers:
            each.end()


@contextlib.contextmanager
def signals_handled(handler: Callable[..., None] | signal.Handlers) -> Iterator[None]:
    """Handle SIGINT and SIGTERM with ``handler``; restore the previous handlers on exit."""
    before = {number: signal.signal(number, handler) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, previous in before.items():
            signal.signal(number, previous)


def _start(config: RunConfig) -> WorkerProcess:
    context = multiprocessing.get_context("spawn")
    own_end, worker_end = context.Pipe()
    process = context.Process(target=worker_main.main, args=(config, worker_end), daemon=True)
    # Ctrl-C signals the whole process group, but only the parent decides when to stop; workers inherit the ignoring.
    with signals_handled(signal.SIG_IGN):
        process.start()
    worker_end.close()
    return WorkerProcess(process, own_end)
