"""A whole run: workers started together, their counters added up, second by second."""

import contextlib
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from multiprocessing.connection import wait
from typing import Final

from event_platform.loadgen.recording.counters import Counters
from event_platform.loadgen.recording.timeline import Timeline, TimelinePoint
from event_platform.loadgen.sending.run_config import RunConfig
from event_platform.loadgen.sending.worker_handle import WorkerProcess, signals_handled, started_workers
from event_platform.loadgen.sending.worker_main import WorkerFinished

_LEAD_SECONDS: Final = 0.2
"""Between telling the workers when to start, and the start."""

_POLL_SECONDS: Final = 0.25


@dataclass
class LoadRun:
    """State of a run, in progress or finished.

    Attributes:
        sending_seconds: From the start of the run to the start of its last request.
        interrupted: Whether a signal ended it early.
    """

    config: RunConfig
    workers: int
    counters: Counters = field(default_factory=Counters)
    timeline: Timeline = field(default_factory=Timeline)
    elapsed_seconds: float = 0.0
    sending_seconds: float = 0.0
    interrupted: bool = False

    @property
    def points(self) -> list[TimelinePoint]:
        """The completed intervals so far."""
        return self.timeline.points


OnProgress = Callable[[LoadRun], None]


def run_load(config: RunConfig, workers: int, on_progress: OnProgress) -> LoadRun:
    """Send the whole plan of ``config`` from ``workers`` processes.

    SIGINT and SIGTERM end it early with what was counted so far; a second one raises KeyboardInterrupt.

    Raises:
        PlatformError: A worker died.
    """
    run = LoadRun(config, workers)
    with started_workers(config, workers) as processes, _interruptible(run):
        start = _start_together(processes)
        while not all(each.finished for each in processes):
            _collect(processes, run, start)
            on_progress(run)
        run.timeline.finish()
    return run


@contextlib.contextmanager
def _interruptible(run: LoadRun) -> Iterator[None]:
    def interrupt(*_: object) -> None:
        if run.interrupted:
            raise KeyboardInterrupt
        run.interrupted = True

    with signals_handled(interrupt):
        yield


def _start_together(processes: list[WorkerProcess]) -> float:
    for each in processes:
        each.receive()
    start = time.monotonic() + _LEAD_SECONDS
    for each in processes:
        each.send_start(start)
    return start


def _collect(processes: list[WorkerProcess], run: LoadRun, start: float) -> None:
    if run.interrupted:
        for each in processes:
            each.send_stop()
    ready = wait([each.pipe for each in processes if not each.finished], _POLL_SECONDS)
    # Read the clock after the wait: a report dated too early would show too many events in too short a time.
    run.elapsed_seconds = max(0.0, time.monotonic() - start)
    for each in (each for each in processes if each.pipe in ready):
        _handle_message(each, run)


def _handle_message(process: WorkerProcess, run: LoadRun) -> None:
    message = process.receive()
    if isinstance(message, WorkerFinished):
        process.finished = True
        run.sending_seconds = max(run.sending_seconds, message.sending_seconds)
    else:
        run.counters.merge(message)
        run.timeline.add(run.elapsed_seconds, message)
