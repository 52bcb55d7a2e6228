"""Several processes that accept on one socket; one that dies is started again."""

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

from event_platform.core import sighup, telemetry
from event_platform.core.errors import ConfigurationError
from event_platform.core.settings.declaration import Settings
from event_platform.core.telemetry import get_logger
from event_platform.ingest import http_limits
from event_platform.ingest.app import serve
from event_platform.ingest.auth import read_again
from event_platform.ingest.publisher import DELIVERY_TIMEOUT_SECONDS
from event_platform.ingest.service import Place
from event_platform.ingest.tally import Table

_LONGEST_PAUSE_SECONDS = 10.0
_LIVED_LONG_SECONDS = 60.0
_END_SECONDS = http_limits.BOUNDS.shutdown_seconds + DELIVERY_TIMEOUT_SECONDS

log = get_logger(__name__)


def run_workers(settings: Settings, count: int, listener: socket.socket) -> None:
    """Run ``count`` processes on ``listener`` until SIGTERM or Ctrl-C."""
    with tempfile.TemporaryDirectory(prefix="ingest-metrics-") as folder:
        path = Path(folder) / "rows"
        Table(path, count)
        workers = _Workers(settings, count, listener, path)
        for ending in (signal.SIGTERM, signal.SIGINT):
            signal.signal(ending, workers.stop)
        sighup.handle_in_process(workers.pass_on)
        workers.run()


def _run_child(settings: Settings, place: tuple[int, int, Path], listener: socket.socket) -> None:
    """A worker's process."""
    telemetry.configure(settings, "ingest")
    threading.Thread(target=_end_with_parent, name="parent", daemon=True).start()
    worker, workers, path = place
    serve(settings, Place(worker, workers, Table(path, workers)), listener)


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os.kill(os.getpid(), signal.SIGTERM)


class _Workers:
    """Starts the processes, and again those that die, with growing pauses."""

    def __init__(self, settings: Settings, count: int, listener: socket.socket, path: Path) -> None:
        self._settings = settings
        self._count = count
        self._listener = listener
        self._path = path
        self._context = multiprocessing.get_context("spawn")
        self._stopping = False
        self._deaths = [0] * count
        self._processes = [self._start(worker) for worker in range(count)]
        self._started = [time.monotonic()] * count

    def _start(self, worker: int) -> SpawnProcess:
        place = (worker, self._count, self._path)
        process = self._context.Process(target=_run_child, args=(self._settings, place, self._listener))
        with sighup.blocked():
            process.start()
        return process

    def stop(self, _signal: int, _frame: FrameType | None) -> None:
        """End all of them."""
        self._stopping = True

    def pass_on(self, number: int) -> None:
        """Hand SIGHUP to all of them; those that are started later are to know what these read then."""
        # Each of them says what is wrong.
        with suppress(ConfigurationError):
            self._settings = read_again(self._settings)
        for process in self._processes:
            if process.pid is not None and process.is_alive():
                os.kill(process.pid, number)

    def run(self) -> None:
        """Until `stop` is called."""
        while not self._stopping:
            wait([process.sentinel for process in self._processes], timeout=0.5)
            for worker, process in enumerate(self._processes):
                if not process.is_alive():
                    self._restart(worker, process)
        self._end()

    def _restart(self, worker: int, dead: SpawnProcess) -> None:
        lived_long = time.monotonic() - self._started[worker] > _LIVED_LONG_SECONDS
        self._deaths[worker] = 1 if lived_long else self._deaths[worker] + 1
        pause_seconds = min(_LONGEST_PAUSE_SECONDS, 0.1 * 2 ** self._deaths[worker])
        log.warning("a worker died; starting it again", worker=worker, exit_code=dead.exitcode, pause=pause_seconds)
        deadline = time.monotonic() + pause_seconds
        while not self._stopping and time.monotonic() < deadline:
            time.sleep(0.05)
        if not self._stopping:
            self._processes[worker] = self._start(worker)
            self._started[worker] = time.monotonic()

    def _end(self) -> None:
        self._listener.close()
        for process in self._processes:
            process.terminate()
        deadline = time.monotonic() + _END_SECONDS
        for process in self._processes:
            process.join(max(0.0, deadline - time.monotonic()))
            if process.is_alive():
                process.kill()
                process.join()
