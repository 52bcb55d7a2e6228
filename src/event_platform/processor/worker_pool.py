"""Several workers as processes of one consumer group; one port answers for all of them."""

import multiprocessing
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from multiprocessing.connection import Connection as Pipe
from multiprocessing.connection import wait
from multiprocessing.process import BaseProcess
from typing import Any, Final, Protocol

from event_platform.core.backoff import delay_after
from event_platform.core.settings.model import Settings
from event_platform.core.telemetry import get_logger
from event_platform.processor.monitoring.merged_metrics import merge

REPORT_INTERVAL_SECONDS: Final = 0.5
REPORT_EXPIRES_SECONDS: Final = 10.0
"""A worker that has not reported for so long is down, whatever it reported last."""

END_WITHIN_SECONDS: Final = 4.5
FIRST_RESTART_SECONDS: Final = 0.5
MAX_RESTART_SECONDS: Final = 10.0
STABLE_AFTER_SECONDS: Final = 60.0
"""A worker that ran for so long is restarted as if it had never died before."""

_SEVERITY: Final = ("ok", "degraded", "down")

log = get_logger(__name__)

RunWorker = Callable[[Settings, int, Pipe], None]
"""The target of a worker's process; it gets the worker's index, and the pipe to `start_reporting`."""


class ReportingWorker(Protocol):
    """What a process of the pool runs; `worker.Worker` is one."""

    def report(self) -> dict[str, Any]:
        """The body of `/health`."""

    def exposition(self) -> bytes:
        """The metrics in Prometheus' text format."""

    def stop(self) -> None:
        """End."""


def start_reporting(worker: ReportingWorker, parent: Pipe) -> None:
    """Send the worker's health and metrics to the pool from a thread; stop the worker when the pool's process ends."""
    threading.Thread(target=_report, args=(worker, parent), name="report", daemon=True).start()


def _report(worker: ReportingWorker, parent: Pipe) -> None:
    try:
        while True:
            parent.send((worker.report(), worker.exposition()))
            if parent.poll(REPORT_INTERVAL_SECONDS):
                parent.recv_bytes()
    except (EOFError, OSError):
        worker.stop()


@dataclass
class _WorkerSlot:
    """One worker of the pool, whichever process runs it now."""

    index: int
    process: BaseProcess
    pipe: Pipe
    started_at: float = field(default_factory=time.monotonic)
    reported_at: float = field(default_factory=time.monotonic)
    report: dict[str, Any] | None = None
    exposition: bytes = b""
    restarts: int = 0
    restart_at: float | None = None

    def receive(self) -> None:
        """Take the latest report from the pipe."""
        try:
            while self.pipe.poll():
                self.report, self.exposition = self.pipe.recv()
                self.reported_at = time.monotonic()
        except (EOFError, OSError):
            return

    def status(self) -> str:
        is_expired = time.monotonic() - self.reported_at > REPORT_EXPIRES_SECONDS
        return "down" if is_expired or self.report is None or self.restart_at else str(self.report["status"])

    def reason(self) -> str | None:
        if self.status() == "down" and (self.report or {}).get("status") != "down":
            return f"worker {self.index} is not running"
        error = (self.report or {}).get("error")
        return error and f"worker {self.index}: {error}"

    def schedule_restart(self) -> float:
        """Set when to restart the worker, whose process has died, and return the delay."""
        if time.monotonic() - self.started_at > STABLE_AFTER_SECONDS:
            self.restarts = 0
        self.restarts += 1
        self.pipe.close()
        # The next process is not ready before it reports so itself.
        self.report = None
        delay_seconds = delay_after(
            self.restarts, first_seconds=FIRST_RESTART_SECONDS, longest_seconds=MAX_RESTART_SECONDS
        )
        self.restart_at = time.monotonic() + delay_seconds
        return delay_seconds

    def restarted(self, process: BaseProcess, pipe: Pipe) -> None:
        """Go on with a new process."""
        self.process, self.pipe = process, pipe
        self.started_at = self.reported_at = time.monotonic()
        self.restart_at = None


class WorkerPool:
    """Starts the workers' processes, restarts those that die, and reports for all."""

    def __init__(self, settings: Settings, count: int, run_worker: RunWorker) -> None:
        """Start ``count`` processes, each of which calls ``run_worker``."""
        self._settings = settings
        self._run_worker = run_worker
        self._stop = threading.Event()
        self._context = multiprocessing.get_context("spawn")
        self._slots = [_WorkerSlot(index, *self._start(index)) for index in range(count)]

    def _start(self, index: int) -> tuple[BaseProcess, Pipe]:
        ours, theirs = self._context.Pipe()
        arguments = (self._settings, index, theirs)
        process = self._context.Process(target=self._run_worker, args=arguments, name=f"worker-{index}")
        process.start()
        theirs.close()
        return process, ours

    def stop(self) -> None:
        """End all workers."""
        self._stop.set()

    def run(self) -> None:
        """Supervise the workers until `stop` is called."""
        while not self._stop.is_set():
            wait([slot.pipe for slot in self._slots if slot.restart_at is None], REPORT_INTERVAL_SECONDS)
            for slot in self._slots:
                slot.receive()
                self._supervise(slot)
        self._end()

    def _supervise(self, slot: _WorkerSlot) -> None:
        if slot.restart_at is not None:
            if time.monotonic() >= slot.restart_at:
                slot.restarted(*self._start(slot.index))
        elif not slot.process.is_alive():
            exit_code, delay_seconds = slot.process.exitcode, slot.schedule_restart()
            log.warning("worker died; restarting", index=slot.index, exit_code=exit_code, delay_seconds=delay_seconds)

    def _end(self) -> None:
        for slot in self._slots:
            slot.process.terminate()
        deadline = time.monotonic() + END_WITHIN_SECONDS
        for slot in self._slots:
            slot.process.join(max(0.0, deadline - time.monotonic()))
            if slot.process.is_alive():
                log.warning("worker did not end in time; killing it", index=slot.index)
                slot.process.kill()
                slot.process.join()

    def report(self) -> dict[str, Any]:
        """The body of `/health`: the worst status, and the report of each worker."""
        ages = [age for slot in self._slots if (age := (slot.report or {}).get("oldest_unprocessed_seconds"))]
        return {
            "status": max((slot.status() for slot in self._slots), key=_SEVERITY.index),
            "error": "; ".join(filter(None, map(_WorkerSlot.reason, self._slots))) or None,
            "oldest_unprocessed_seconds": max(ages, default=None),
            "workers": [
                {"index": slot.index, "pid": slot.process.pid, "restarts": slot.restarts}
                | (slot.report or {"state": "starting"})
                | {"status": slot.status()}
                for slot in self._slots
            ],
        }

    def exposition(self) -> bytes:
        """The metrics of all workers, told apart by the label ``worker``."""
        return merge({str(slot.index): slot.exposition for slot in self._slots})
