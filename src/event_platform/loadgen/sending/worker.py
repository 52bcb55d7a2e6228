"""One sending process: takes its share of the plan, reports every half second."""

import asyncio
import contextlib
import gc
import itertools
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from multiprocessing.connection import Connection as Pipe
from pathlib import Path
from random import Random

from event_platform.loadgen.recording.attempt_log import Ledger
from event_platform.loadgen.sending.open_loop import Stop, send
from event_platform.loadgen.sending.request_encoder import Target
from event_platform.loadgen.sending.result_handler import Settlement
from event_platform.loadgen.sending.sender import Manner, Sender
from event_platform.loadgen.traffic.batching import batched
from event_platform.loadgen.traffic.plan import Plan, Request
from event_platform.loadgen.traffic.scenario import Scenario

REPORT_SECONDS = 0.5


@dataclass(frozen=True)
class Job:
    """What to send, how, and which share of it is this worker's.

    Attributes:
        batch: Events in a batch; None sends single events.
        ledger: File for every attempt; None keeps none.
        share: This worker's number from 0, and the number of all.
    """

    scenario: Scenario
    target: Target
    seed: int
    manner: Manner
    batch: int | None = None
    ledger: Path | None = None
    share: tuple[int, int] = (0, 1)


@dataclass(frozen=True)
class Finished:
    """A worker's last message: how long it started requests."""

    sending_seconds: float


def main(job: Job, pipe: Pipe) -> None:
    """Report readiness, receive the start time, send, report tallies and then `Finished`."""
    gc.freeze()
    with contextlib.suppress(BrokenPipeError), asyncio.Runner(loop_factory=_loop_factory()) as runner:
        runner.run(_work(job, pipe))


def _loop_factory() -> type[asyncio.AbstractEventLoop] | None:
    try:
        import uvloop  # noqa: PLC0415 - there is none for Windows
    except ImportError:
        return None
    return uvloop.Loop


async def _work(job: Job, pipe: Pipe) -> None:
    stop = Stop()
    pipe.send("ready")
    start = await asyncio.to_thread(pipe.recv)
    threading.Thread(target=_listen, args=(pipe, stop), daemon=True).start()
    with Ledger(job.ledger) as ledger:
        settlement = Settlement(ledger, Random(job.seed), retries=job.manner.retries)  # noqa: S311 - spreads pauses
        sender = Sender(job.target, job.manner, settlement, time.monotonic)
        is_over = asyncio.Event()
        reports = asyncio.create_task(_report(settlement, pipe, is_over))
        try:
            sending_seconds = await send(_share(job), sender, start, stop, time.monotonic)
        finally:
            is_over.set()
            await reports
    pipe.send(settlement.take_tally())
    pipe.send(Finished(sending_seconds))


def _listen(pipe: Pipe, stop: Stop) -> None:
    """Wait for the parent's word, or its end, to stop."""
    with contextlib.suppress(EOFError, OSError):
        pipe.recv()
    stop.ask()


def _share(job: Job) -> Iterator[Request]:
    number, workers = job.share
    mine = itertools.islice(Plan(job.scenario, tuple(job.target.keys), job.seed), number, None, workers)
    return batched(mine, job.batch) if job.batch else mine


async def _report(settlement: Settlement, pipe: Pipe, is_over: asyncio.Event) -> None:
    """Report now and then, until it is over and no report is on its way."""
    while not is_over.is_set():
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(REPORT_SECONDS):
                await is_over.wait()
        # Another thread packs it, so that starts stay on time.
        await asyncio.to_thread(pipe.send, settlement.take_tally())
