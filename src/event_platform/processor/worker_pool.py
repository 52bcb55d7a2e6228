"""Several workers as processes of one consumer group; one port answers for all of them."""

import multiprocessing
import signal
import threading
import time
from dataclasses import dataclass, field
from multiprocessing.connection import Connection as Pipe
from multiprocessing.connection import wait
from multiprocessing.process import BaseProcess
from typing import Any, Final

from event_platform.core import telemetry
from event_platform.core.settings.declaration import Settings
from event_platform.core.telemetry import get_logger
from event_platform.processor.monitoring.merged_metrics import merge
from event_platform.processor.process_exit import leave
from event_platform.processor.worker import Worker

REPORT_EVERY_SECONDS: Final = 0.5
OLD_AFTER_SECONDS: Final = 10.0
"""A worker that has said nothing for so long is down, whatever it said last."""

END_WITHIN_SECONDS: Final = 4.5
LONGEST_PAUSE_SECONDS: Final = 10.0
LIVED_LONG_SECONDS: Final = 60.0

_SEVERITY: Final = ("ok", "degraded", "down")

log = get_logger(__name__)


def _run_child(settings: Settings, index: int, parent: Pipe) -> None:
    """The process of a worker: it ends with its parent."""
    telemetry.configure(settings, "processor")
    worker = Worker(settings, index)
    signal.signal(signal.SIGTERM, lambda _signal, _frame: worker.stop())
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_report, args=(worker, parent), name="report", daemon=True).start()
    worker.run()
    leave()


def _report(worker: Worker, parent: Pipe) -> None:
    try:
        while True:
            parent.send((worker.report(), worker.exposition()))
            if parent.poll(REPORT_EVERY_SECONDS):
                parent.recv_bytes()
    except (EOFError, OSError):
        worker.stop()


@dataclass
class _Child:
    """A slot among the workers, whichever process fills it now."""

    index: int
    process: BaseProcess
    pipe: Pipe
    started: float = field(default_factory=time.monotonic)
    heard: float = field(default_factory=time.monotonic)
    report: dict[str, Any] | None = None
    exposition: bytes = b""
    restarts: int = 0
    start_again_at: float | None = None

    def listen(self) -> None:
        try:
            while self.pipe.poll():
                self.report, self.exposition = self.pipe.recv()
                self.heard = time.monotonic()
        except (EOFError, OSError):
            return

    def status(self) -> str:
        is_old = time.monotonic() - self.heard > OLD_AFTER_SECONDS
        return "down" if is_old or self.report is None or self.start_again_at else str(self.report["status"])

    def reason(self) -> str | None:
        if self.status() == "down" and (self.report or {}).get("status") != "down":
            return f"worker {self.index} is not running"
        error = (self.report or {}).get("error")
        return error and f"worker {self.index}: {error}"


class Workers:
    """Starts processes, starts again those that die, and speaks for all."""

    def __init__(self, settings: Settings, count: int) -> None:
        """``count`` workers."""
        self._settings = settings
        self._stop = threading.Event()
        self._context = multiprocessing.get_context("spawn")
        self._children = [_Child(index, *self._start(index)) for index in range(count)]

    def _start(self, index: int) -> tuple[BaseProcess, Pipe]:
        ours, theirs = self._context.Pipe()
        process = self._context.Process(target=_run_child, args=(self._settings, index, theirs), name=f"worker-{index}")
        process.start()
        theirs.close()
        return process, ours

    def stop(self) -> None:
        """End all of them."""
        self._stop.set()

    def run(self) -> None:
        """Until `stop` is called."""
        while not self._stop.is_set():
            wait([child.pipe for child in self._children if child.start_again_at is None], REPORT_EVERY_SECONDS)
            for child in self._children:
                child.listen()
                self._look_after(child)
        self._end()

    def _look_after(self, child: _Child) -> None:
        now = time.monotonic()
        if child.start_again_at is not None:
            if now >= child.start_again_at:
                child.process, child.pipe = self._start(child.index)
                child.started = child.heard = now
                child.start_again_at = None
        elif not child.process.is_alive():
            child.restarts = 1 if now - child.started > LIVED_LONG_SECONDS else child.restarts + 1
            pause_seconds = min(LONGEST_PAUSE_SECONDS, 0.25 * 2**child.restarts)
            log.warning(
                "a worker died; starting it again",
                index=child.index,
                exit_code=child.process.exitcode,
                pause_seconds=pause_seconds,
            )
            child.pipe.close()
            # What the dead one said last is not true of the next one, which is not ready before it says so itself.
            child.report = None
            child.start_again_at = now + pause_seconds

    def _end(self) -> None:
        for child in self._children:
            child.process.terminate()
        deadline = time.monotonic() + END_WITHIN_SECONDS
        for child in self._children:
            child.process.join(max(0.0, deadline - time.monotonic()))
            if child.process.is_alive():
                log.warning("a worker did not end in time; killing it", index=child.index)
                child.process.kill()
                child.process.join()

    def report(self) -> dict[str, Any]:
        """The worst status, and what each worker says."""
        ages = [age for child in self._children if (age := (child.report or {}).get("oldest_unprocessed_seconds"))]
        return {
            "status": max((child.status() for child in self._children), key=_SEVERITY.index),
            "error": "; ".join(filter(None, map(_Child.reason, self._children))) or None,
            "oldest_unprocessed_seconds": max(ages, default=None),
            "workers": [
                {"index": child.index, "pid": child.process.pid, "restarts": child.restarts}
                | (child.report or {"state": "starting"})
                | {"status": child.status()}
                for child in self._children
            ],
        }

    def exposition(self) -> bytes:
        """Every worker's metrics, told apart by the label ``worker``."""
        return merge({str(child.index): child.exposition for child in self._children})
