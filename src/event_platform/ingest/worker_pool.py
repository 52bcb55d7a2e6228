"""Several processes that accept on one socket; one that exits is restarted."""

import multiprocessing
import os
import signal
import socket
import tempfile
import threading
from contextlib import suppress
from multiprocessing.connection import wait
from multiprocessing.context import SpawnProcess
from pathlib import Path
from types import FrameType
from typing import Final

from event_platform.core import sighup, telemetry
from event_platform.core.errors import ConfigurationError
from event_platform.core.settings.model import Settings
from event_platform.core.worker_pool import WorkerPool
from event_platform.ingest import http_limits
from event_platform.ingest.auth import reload_key_settings
from event_platform.ingest.publisher import DELIVERY_TIMEOUT_SECONDS
from event_platform.ingest.serve import serve
from event_platform.ingest.service import WorkerContext
from event_platform.ingest.shared_counters import CounterTable

_FIRST_DELAY_SECONDS: Final = 0.2
_CHECK_INTERVAL_SECONDS: Final = 0.5
_EXIT_SECONDS: Final = http_limits.BOUNDS.shutdown_seconds + DELIVERY_TIMEOUT_SECONDS


def run_workers(settings: Settings, count: int, listener: socket.socket) -> None:
    """Run ``count`` processes on ``listener`` until SIGTERM or Ctrl-C."""
    with tempfile.TemporaryDirectory(prefix="ingest-metrics-") as folder:
        path = Path(folder) / "rows"
        CounterTable(path, count)
        pool = _IngestPool(settings, count, listener, path)
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


class _IngestPool:
    """The pool of ingest's processes, which passes SIGHUP on to them."""

    def __init__(self, settings: Settings, count: int, listener: socket.socket, path: Path) -> None:
        self._settings = settings
        self._count = count
        self._listener = listener
        self._path = path
        self._context = multiprocessing.get_context("spawn")
        self._stopping = False
        self._reload_pending = False
        self._pool = WorkerPool(
            count, self._start, first_delay_seconds=_FIRST_DELAY_SECONDS, exit_seconds=_EXIT_SECONDS
        )

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
        for worker in self._pool.workers:
            if worker.process.pid is not None and worker.process.is_alive():
                os.kill(worker.process.pid, number)

    def _reload(self) -> None:
        self._reload_pending = False
        # Each process logs what is wrong.
        with suppress(ConfigurationError):
            self._settings = reload_key_settings(self._settings)

    def run(self) -> None:
        """Restart processes that exit, until `stop` is called."""
        while not self._stopping:
            running = [worker.process.sentinel for worker in self._pool.workers if worker.restart_at is None]
            wait(running, timeout=self._pool.seconds_to_restart(_CHECK_INTERVAL_SECONDS))
            self._pool.supervise()
        self._listener.close()
        self._pool.stop()
