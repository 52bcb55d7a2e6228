"""A whole run: workers started together, their tallies added up, second by second."""

import contextlib
import multiprocessing
import signal
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from multiprocessing.connection import Connection as Pipe
from multiprocessing.connection import wait
from multiprocessing.process import BaseProcess
from typing import Any

from event_platform.core.errors import PlatformError
from event_platform.loadgen.recording.counters import Tally
from event_platform.loadgen.recording.timeline import Point, Timeline
from event_platform.loadgen.sending import worker
from event_platform.loadgen.sending.worker import Finished, Job

_LEAD_SECONDS = 0.2
_TICK_SECONDS = 0.25


@dataclass
class Run:
    """What is known of a run, while it lasts and after."""

    job: Job
    workers: int
    tally: Tally = field(default_factory=Tally)
    timeline: Timeline = field(default_factory=Timeline)
    elapsed_seconds: float = 0.0
    sending_seconds: float = 0.0
    interrupted: bool = False

    @property
    def points(self) -> list[Point]:
        """Its seconds so far."""
        return self.timeline.points


OnProgress = Callable[[Run], None]


@dataclass
class _Worker:
    process: BaseProcess
    pipe: Pipe
    finished: bool = False


def run(job: Job, workers: int, on_progress: OnProgress) -> Run:
    """Send all of ``job`` from so many processes; SIGINT and SIGTERM end it early, with what was counted so far.

    Raises:
        PlatformError: A worker died.
    """
    state = Run(job, workers)
    with _started(job, workers) as crew, _interrupts(state):
        start = _begin(crew)
        while not all(one.finished for one in crew):
            _collect(crew, state, start)
            on_progress(state)
        state.timeline.finish()
    return state


@contextlib.contextmanager
def _interrupts(state: Run) -> Iterator[None]:
    def interrupt(*_: object) -> None:
        if state.interrupted:
            raise KeyboardInterrupt
        state.interrupted = True

    with _handled(interrupt):
        yield


@contextlib.contextmanager
def _handled(handler: Callable[..., None] | signal.Handlers) -> Iterator[None]:
    before = {number: signal.signal(number, handler) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, former in before.items():
            signal.signal(number, former)


@contextlib.contextmanager
def _started(job: Job, workers: int) -> Iterator[list[_Worker]]:
    crew: list[_Worker] = []
    try:
        for number in range(workers):
            ledger = job.ledger and job.ledger.with_suffix(f".{number}")
            crew.append(_start(replace(job, share=(number, workers), ledger=ledger)))
        yield crew
    finally:
        for one in crew:
            one.pipe.close()
            one.process.join(1)
            one.process.kill()
            one.process.join()


def _start(job: Job) -> _Worker:
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=worker.main, args=(job, theirs), daemon=True)
    # Ctrl-C reaches the whole process group, but the parent alone says when to stop; what is ignored is inherited.
    with _handled(signal.SIG_IGN):
        process.start()
    theirs.close()
    return _Worker(process, ours)


def _begin(crew: list[_Worker]) -> float:
    for one in crew:
        _receive(one)
    start = time.monotonic() + _LEAD_SECONDS
    for one in crew:
        one.pipe.send(start)
    return start


def _collect(crew: list[_Worker], state: Run, start: float) -> None:
    if state.interrupted:
        _tell_to_stop(crew)
    ready = wait([one.pipe for one in crew if not one.finished], _TICK_SECONDS)
    # After the wait: a report that is dated too early would count as many events in too short a time.
    state.elapsed_seconds = max(0.0, time.monotonic() - start)
    for one in (one for one in crew if one.pipe in ready):
        message = _receive(one)
        if isinstance(message, Finished):
            one.finished = True
            state.sending_seconds = max(state.sending_seconds, message.sending_seconds)
        else:
            state.tally.add(message)
            state.timeline.add(state.elapsed_seconds, message)


def _tell_to_stop(crew: list[_Worker]) -> None:
    for one in crew:
        # One that has finished listens no more.
        with contextlib.suppress(OSError):
            one.pipe.send("stop")


def _receive(one: _Worker) -> Any:  # noqa: ANN401 - "ready", a Tally or Finished
    try:
        return one.pipe.recv()
    except (EOFError, OSError) as error:
        one.process.join(1)
        raise PlatformError(f"a sending process ended with status {one.process.exitcode}") from error
