"""Services under load, with the CPU that they and the servers behind them spend."""

import os
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import httpx
import psutil
from bench import ingest_client
from bench.ingest_client import Found

from event_platform.local.servers.ports import PortReservations


@dataclass(frozen=True)
class Subject:
    """A service under measurement, and the processes whose CPU counts."""

    name: str
    port: int
    process: psutil.Process
    servers: tuple[psutil.Process, ...]

    def cpu_seconds(self) -> list[float]:
        """User and system time so far: its own, then each server's."""
        times = [process.cpu_times() for process in (self.process, *self.servers)]
        return [float(each.user + each.system) for each in times]


@dataclass(frozen=True)
class Measured:
    """One round: events a second, microseconds of CPU per event of the service and of each server behind it."""

    rate: float
    own_us: float
    servers_us: tuple[float, ...]

    @property
    def all_us(self) -> float:
        """Of the service, Kafka and Redis together."""
        return self.own_us + sum(self.servers_us)


def measure(subject: Subject, connections: int, seconds: float, batch: int = 0) -> Measured:
    """Load it for so long, each connection sending its next request when the last is answered."""
    make = ingest_client.batch_requests(batch) if batch else ingest_client.single_requests()
    ingest_client.run(subject.port, connections, 0.5, make)
    before = subject.cpu_seconds()
    found = ingest_client.run(subject.port, connections, seconds, make)
    spent = [now - then for now, then in zip(subject.cpu_seconds(), before, strict=True)]
    check(found)
    events = found.answers * (batch or 1)
    own_us, *servers_us = (1e6 * each / events for each in spent)
    return Measured(events / found.seconds, own_us, tuple(servers_us))


def check(found: Found) -> None:
    """End the benchmark if a request was refused: then its figures say nothing."""
    if found.refused:
        raise SystemExit(f"{found.refused} of {found.answers + found.refused} requests were refused")


@contextmanager
def service(
    name: str, command: list[str], environment: dict[str, str], servers: tuple[psutil.Process, ...]
) -> Iterator[Subject]:
    """Start a service and wait until it answers."""
    with PortReservations() as reservations:
        port = reservations.reserve()
        process = subprocess.Popen(command, env={**os.environ, **environment, "INGEST_PORT": str(port)})
        try:
            _wait(port)
            yield Subject(name, port, psutil.Process(process.pid), servers)
        finally:
            process.terminate()
            process.wait(20)


def _wait(port: int) -> None:
    deadline = time.monotonic() + 20
    while True:
        try:
            if httpx.get(f"http://127.0.0.1:{port}/health").status_code < 300:  # noqa: PLR2004 - any 2xx
                return
        except httpx.TransportError:
            pass
        if time.monotonic() > deadline:
            raise SystemExit("the service does not become ready")
        time.sleep(0.1)
