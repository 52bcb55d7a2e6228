"""A worker process: sends its share of the plan, and reports its counters every half second."""

import asyncio
import contextlib
import gc
import itertools
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from multiprocessing.connection import Connection as Pipe
from random import Random
from typing import Final

from event_platform.core.event_loop import loop_factory
from event_platform.loadgen.recording.attempt_log import AttemptLog
from event_platform.loadgen.sending.open_loop import send_on_schedule
from event_platform.loadgen.sending.result_handler import ResultHandler
from event_platform.loadgen.sending.run_config import RunConfig
from event_platform.loadgen.sending.sender import Sender
from event_platform.loadgen.traffic.batching import batched
from event_platform.loadgen.traffic.events import Request
from event_platform.loadgen.traffic.plan import Plan

REPORT_SECONDS: Final = 0.5


@dataclass(frozen=True, slots=True)
class WorkerFinished:
    """A worker's last message.

    Attributes:
        sending_seconds: From the start of the run to the start of its last request.
    """

    sending_seconds: float


def main(config: RunConfig, pipe: Pipe) -> None:
    """Report readiness, receive the start time, send, and report counters, then `WorkerFinished`."""
    # Garbage collection would otherwise scan the imported modules, and delay starts.
    gc.freeze()
    with contextlib.suppress(BrokenPipeError), asyncio.Runner(loop_factory=loop_factory()) as runner:
        runner.run(_work(config, pipe))


def assigned_requests(config: RunConfig) -> Iterator[Request]:
    """Yield the requests of this worker's share, as batches if configured."""
    index, workers = config.share
    plan = Plan(config.scenario, tuple(config.target.keys), config.seed)
    own = itertools.islice(plan, index, None, workers)
    return batched(own, config.batch_size) if config.batch_size else own


async def _work(config: RunConfig, pipe: Pipe) -> None:
    stop = threading.Event()
    pipe.send("ready")
    start = await asyncio.to_thread(pipe.recv)
    threading.Thread(target=_await_stop, args=(pipe, stop), daemon=True).start()
    rng = Random(config.seed)  # noqa: S311 - jitter of retries
    with AttemptLog(config.attempt_log) as attempt_log:
        result_handler = ResultHandler(attempt_log, rng, retries=config.send_options.retries)
        sending_seconds = await _send(config, pipe, result_handler, start, stop)
    pipe.send(result_handler.take_counters())
    pipe.send(WorkerFinished(sending_seconds))


async def _send(
    config: RunConfig, pipe: Pipe, result_handler: ResultHandler, start: float, stop: threading.Event
) -> float:
    sender = Sender(config.target, config.send_options, result_handler, time.monotonic)
    is_over = asyncio.Event()
    reports = asyncio.create_task(_report_periodically(result_handler, pipe, is_over))
    try:
        return await send_on_schedule(assigned_requests(config), sender, start, stop, time.monotonic)
    finally:
        is_over.set()
        await reports


def _await_stop(pipe: Pipe, stop: threading.Event) -> None:
    """Set ``stop`` when the parent sends a message or ends."""
    with contextlib.suppress(EOFError, OSError):
        pipe.recv()
    stop.set()


async def _report_periodically(result_handler: ResultHandler, pipe: Pipe, is_over: asyncio.Event) -> None:
    """Report every half second; return once the run is over and the last report is out."""
    while not is_over.is_set():
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(REPORT_SECONDS):
                await is_over.wait()
        # Another thread pickles the counters, so that requests keep starting on time.
        await asyncio.to_thread(pipe.send, result_handler.take_counters())
