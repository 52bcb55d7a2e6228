"""Several processes that accept on one socket; one that exits is restarted."""

import multiprocessing
import os
import signal
import socket
import tempfile
import threading
import time
from contextlib import suppress
from multiprocessing.connection import wait
from multiprocessing.context import SpawnProcess
from pathlib import Path
from types import FrameType
from typing import Final

from event_platform.core import sighup, telemetry
from event_platform.core.backoff import delay_after
from event_platform.core.errors import ConfigurationError
from event_platform.core.settings.model import Settings
from event_platform.core.telemetry import get_logger
from event_platform.ingest import http_limits
from event_platform.ingest.auth import reload_key_settings
from event_platform.ingest.publisher import DELIVERY_TIMEOUT_SECONDS
from event_platform.ingest.serve import serve
from event_platform.ingest.service import WorkerContext
from event_platform.ingest.shared_counters import CounterTable

_FIRST_DELAY_SECONDS: Final = 0.2
_MAX_DELAY_SECONDS: Final = 10.0
_STABLE_SECONDS: Final = 60.0
"""A worker that ran this long is restarted without a growing delay."""
_EXIT_SECONDS: Final = http_limits.BOUNDS.shutdown_seconds + DELIVERY_TIMEOUT_SECONDS

log = get_logger(__name__)


def run_workers(settings: Settings, count: int, listener: socket.socket) -> None:
    """Run ``count`` processes on ``listener`` until SIGTERM or Ctrl-C."""
    with tempfile.TemporaryDirectory(prefix="ingest-metrics-") as folder:
        path = Path(folder) / "rows"
        CounterTable(path, count)
        pool = _WorkerPool(settings, count, listener, path)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, pool.stop)
        sighup.handle_in_process(pool.forward)
        pool.run()


def _run_worker(settings: Settings, worker: int, workers: int, path: Path, listener: socket.socket) -> None:
    """Run a worker's process."""
    telemetry.configure(settings, "ingest")
    threading.Thread(target=_exit_with_parent, name="parent", daemon=True).start()
    serve(settings, WorkerContext(worker, workers, CounterTable(path, workers)), listener)


def _exit_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os.kill(os.getpid(), signal.SIGTERM)


class _WorkerPool:
    """Starts the processes, and restarts those that exit, with growing delays."""

    def __init__(self, settings: Settings, count: int, listener: socket.socket, path: Path) -> None:
        self._settings = settings
        self._count = count
        self._listener = listener
        self._path = path
        self._context = multiprocessing.get_context("spawn")
        self._stopping = False
        self._reload_pending = False
        self._exits = [0] * count
        self._processes = [self._start(worker) for worker in range(count)]
        self._started = [time.monotonic()] * count

    def _start(self, worker: int) -> SpawnProcess:
        if self._reload_pending:
            self._reload()
        process = self._context.Process(
            target=_run_worker, args=(self._settings, worker, self._count, self._path, self._listener)
        )
        with sighup.blocked():
            process.start()
        return process

    def stop(self, _signal: int, _frame: FrameType | None) -> None:
        """Make `run` stop all processes and return."""
        self._stopping = True

    def forward(self, number: int) -> None:
        """Send SIGHUP to all processes, and have those that start later get the settings that they reload."""
        # Not reloaded here: a signal handler that takes some milliseconds nests without end when signals come faster.
        self._reload_pending = True
        for process in self._processes:
            if process.pid is not None and process.is_alive():
                os.kill(process.pid, number)

    def _reload(self) -> None:
        self._reload_pending = False
        # Each process logs what is wrong.
        with suppress(ConfigurationError):
            self._settings = reload_key_settings(self._settings)

    def run(self) -> None:
        """Restart processes that exit, until `stop` is called."""
        while not self._stopping:
            wait([process.sentinel for process in self._processes], timeout=0.5)
            for worker, process in enumerate(self._processes):
                if not process.is_alive():
                    self._restart(worker, process)
        self._stop_all()

    def _restart(self, worker: int, exited: SpawnProcess) -> None:
        was_stable = time.monotonic() - self._started[worker] > _STABLE_SECONDS
        self._exits[worker] = 1 if was_stable else self._exits[worker] + 1
        delay_seconds = delay_after(
            self._exits[worker], first_seconds=_FIRST_DELAY_SECONDS, longest_seconds=_MAX_DELAY_SECONDS
        )
        log.warning("worker exited; restarting", worker=worker, exit_code=exited.exitcode, delay_seconds=delay_seconds)
        deadline = time.monotonic() + delay_seconds
        while not self._stopping and time.monotonic() < deadline:
            time.sleep(0.05)
        if not self._stopping:
            self._processes[worker] = self._start(worker)
            self._started[worker] = time.monotonic()

    def _stop_all(self) -> None:
        self._listener.close()
        for process in self._processes:
            process.terminate()
        deadline = time.monotonic() + _EXIT_SECONDS
        for process in self._processes:
            process.join(max(0.0, deadline - time.monotonic()))
            if process.is_alive():
                process.kill()
                process.join()
