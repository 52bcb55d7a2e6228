"""Kafka, Postgres and Redis of one benchmark run, started by the code behind ``event-platform up``."""

import contextlib
import shutil
import signal
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import psutil

from event_platform.local.process import program, readiness
from event_platform.local.process.program import Program
from event_platform.local.servers import local_servers
from event_platform.local.servers.local_servers import Servers
from event_platform.local.servers.ports import PortReservations
from event_platform.local.state_dir import directory
from event_platform.local.state_dir.directory import StateDirectory

READY_SECONDS: Final = 60.0
EXIT_SECONDS: Final = 30.0


class BenchServers:
    """The three servers as processes that a benchmark may pause, kill and restart on the same ports.

    Attributes:
        local: Ports and passwords of each server.
    """

    def __init__(self, local: Servers, programs: dict[str, Program], reservations: PortReservations) -> None:
        self.local = local
        self._programs = programs
        self._reservations = reservations
        self._processes = {name: program.start(programs[name]) for name in programs}
        try:
            for name in programs:
                self._await_ready(name)
        except BaseException:
            self.kill_all()
            raise

    def _await_ready(self, name: str) -> None:
        readiness.wait(self._processes[name], self._programs[name], READY_SECONDS)

    @property
    def kafka_brokers(self) -> str:
        """``host:port``."""
        return self.local.kafka.brokers

    @property
    def database_url(self) -> str:
        """URL of the database ``postgres``, with a role that may create databases."""
        return self.local.postgres.superuser_url

    @property
    def redis_url(self) -> str:
        """URL of Redis database 0."""
        return self.local.redis.url

    def reserve_port(self) -> int:
        """Return a port that no other run uses."""
        return self._reservations.reserve()

    def pid(self, name: str) -> int:
        """Return the process id of ``kafka``, ``postgres`` or ``redis``."""
        return self._processes[name].pid

    def pause(self, name: str) -> None:
        """Send SIGSTOP to a server and its children: connections stay open, responses stop."""
        for process in self._tree(name):
            with contextlib.suppress(psutil.NoSuchProcess):
                process.send_signal(signal.SIGSTOP)

    def kill(self, name: str) -> None:
        """Send SIGKILL to a server and its children, and wait until all have exited."""
        # Pause first: a backend forked meanwhile would keep the shared memory, and Postgres could not start again.
        self.pause(name)
        tree = self._tree(name)
        for process in tree:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()
        self._processes[name].wait()
        psutil.wait_procs(tree, timeout=EXIT_SECONDS)

    def start(self, name: str) -> None:
        """Restart a killed server with its data, and wait until it is ready."""
        self._processes[name] = program.start(self._programs[name])
        self._await_ready(name)

    def kill_all(self) -> None:
        """Kill every server that runs."""
        for name, process in self._processes.items():
            if process.poll() is None:
                self.kill(name)

    def _tree(self, name: str) -> list[psutil.Process]:
        process = psutil.Process(self._processes[name].pid)
        return [process, *process.children(recursive=True)]


@contextmanager
def running_servers() -> Iterator[BenchServers]:
    """Run the servers on free ports with fresh data, which is removed at the end."""
    found = directory.locate(Path(tempfile.mkdtemp(prefix="event-platform-bench-")))
    with PortReservations() as reservations:
        try:
            servers = _start(found, reservations)
            try:
                yield servers
            finally:
                servers.kill_all()
        finally:
            for folder in {found.server_data, found.home}:
                shutil.rmtree(folder, ignore_errors=True)


def _start(found: StateDirectory, reservations: PortReservations) -> BenchServers:
    found.create()

    def start(chosen: Servers) -> BenchServers:
        programs = local_servers.prepare(found, chosen, local_servers.NAMES, None, print)
        return BenchServers(chosen, programs, reservations)

    def choose() -> Servers:
        return local_servers.choose(found, None, reservations)

    return local_servers.start_on_free_ports(choose, start, reservations, print)[1]
