"""Several workers as processes of one consumer group; one port answers for all of them."""

import multiprocessing
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing.connection import Connection as Pipe
from multiprocessing.connection import wait
from multiprocessing.process import BaseProcess
from typing import Any, Final, Protocol

from event_platform.core.settings.model import Settings
from event_platform.core.worker_pool import WorkerPool
from event_platform.processor.monitoring.merged_metrics import merge

REPORT_INTERVAL_SECONDS: Final = 0.5
REPORT_EXPIRES_SECONDS: Final = 10.0
"""A worker that has not reported for so long is down, whatever it reported last."""

END_WITHIN_SECONDS: Final = 4.5
FIRST_RESTART_SECONDS: Final = 0.5

_SEVERITY: Final = ("ok", "degraded", "down")

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
class _WorkerReports:
    """What a worker's process has reported last."""

    index: int
    pipe: Pipe | None = None
    """None while no process runs."""
    reported_at: float = 0.0
    report: dict[str, Any] | None = None
    exposition: bytes = b""

    def connect(self, pipe: Pipe) -> None:
        """Receive the reports of a new process."""
        self.pipe, self.reported_at = pipe, time.monotonic()

    def disconnect(self) -> None:
        """Forget the report of a process that has exited: the next one is not ready before it reports so itself."""
        if self.pipe is not None:
            self.pipe.close()
        self.pipe = self.report = None

    def receive(self) -> None:
        """Take the latest report from the pipe."""
        try:
            while self.pipe is not None and self.pipe.poll():
                self.report, self.exposition = self.pipe.recv()
                self.reported_at = time.monotonic()
        except (EOFError, OSError):
            return

    def status(self) -> str:
        is_expired = time.monotonic() - self.reported_at > REPORT_EXPIRES_SECONDS
        return "down" if is_expired or self.report is None else str(self.report["status"])

    def reason(self) -> str | None:
        if self.status() == "down" and (self.report or {}).get("status") != "down":
            return f"worker {self.index} is not running"
        error = (self.report or {}).get("error")
        return error and f"worker {self.index}: {error}"


class ReportingPool:
    """Runs the workers' processes, and reports for all of them."""

    def __init__(self, settings: Settings, count: int, run_worker: RunWorker) -> None:
        """Start ``count`` processes, each of which calls ``run_worker``."""
        self._settings = settings
        self._run_worker = run_worker
        self._stop = threading.Event()
        self._context = multiprocessing.get_context("spawn")
        self._reports = [_WorkerReports(index) for index in range(count)]
        self._pool = WorkerPool(
            count,
            self._start,
            on_exit=lambda index: self._reports[index].disconnect(),
            first_delay_seconds=FIRST_RESTART_SECONDS,
            exit_seconds=END_WITHIN_SECONDS,
        )

    def _start(self, index: int) -> BaseProcess:
        ours, theirs = self._context.Pipe()
        arguments = (self._settings, index, theirs)
        process = self._context.Process(target=self._run_worker, args=arguments, name=f"worker-{index}")
        process.start()
        theirs.close()
        self._reports[index].connect(ours)
        return process

    def stop(self) -> None:
        """End all workers."""
        self._stop.set()

    def run(self) -> None:
        """Supervise the workers until `stop` is called."""
        while not self._stop.is_set():
            pipes = [each.pipe for each in self._reports if each.pipe is not None]
            wait(pipes, self._pool.seconds_to_restart(REPORT_INTERVAL_SECONDS))
            for each in self._reports:
                each.receive()
            self._pool.supervise()
        self._pool.stop()

    def report(self) -> dict[str, Any]:
        """The body of `/health`: the worst status, and the report of each worker."""
        ages = [age for each in self._reports if (age := (each.report or {}).get("oldest_unprocessed_seconds"))]
        return {
            "status": max((each.status() for each in self._reports), key=_SEVERITY.index),
            "error": "; ".join(filter(None, map(_WorkerReports.reason, self._reports))) or None,
            "oldest_unprocessed_seconds": max(ages, default=None),
            "workers": [
                {"index": worker.index, "pid": worker.process.pid, "restarts": worker.restarts}
                | (each.report or {"state": "starting"})
                | {"status": each.status()}
                for worker, each in zip(self._pool.workers, self._reports, strict=True)
            ],
        }

    def exposition(self) -> bytes:
        """The metrics of all workers, told apart by the label ``worker``."""
        return merge({str(each.index): each.exposition for each in self._reports})
