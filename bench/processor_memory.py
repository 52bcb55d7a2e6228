"""Memory of the processor over millions of events, and during a Postgres outage with a backlog in Kafka."""

import os
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import psutil
from bench.processor_setting import environment_of, fill_topic, messages, new_platform, wait_for
from bench.servers import BenchServers

from event_platform.core.settings.model import Settings

CHUNK: Final = 100_000
MAX_BACKLOG: Final = 500_000
"""Bound on events in Kafka that are not processed yet."""

BACKLOG_CHUNKS: Final = 5
SAMPLE_EVERY_SECONDS: Final = 0.5
FLAT_RATIO: Final = 1.1
"""Memory counts as flat up to this ratio of the end to the beginning."""


class MemorySampler:
    """Samples a process's resident memory until it exits."""

    def __init__(self, process: psutil.Process) -> None:
        self.megabytes: list[float] = []
        self._process = process
        threading.Thread(target=self._sample, daemon=True).start()

    def _sample(self) -> None:
        while self._process.is_running():
            try:
                self.megabytes.append(self._process.memory_info().rss / 1e6)
            except psutil.NoSuchProcess:
                return
            time.sleep(SAMPLE_EVERY_SECONDS)


def measure(servers: BenchServers, events: int, outage_seconds: float) -> None:
    """Print the memory over many events, and during an outage."""
    settings = new_platform(servers)
    with _service(settings) as memory:
        _many_events(settings, memory, events)
        _outage(servers, settings, memory, events, outage_seconds)


def _many_events(settings: Settings, memory: MemorySampler, events: int) -> None:
    sent = 0
    for seed in range(events // CHUNK):
        fill_topic(settings, messages(CHUNK, seed))
        sent += CHUNK
        wait_for(settings, sent - MAX_BACKLOG)
    wait_for(settings, sent)
    samples = memory.megabytes
    tenth = max(1, len(samples) // 10)
    early, late = statistics.median(samples[tenth : 2 * tenth]), statistics.median(samples[-tenth:])
    verdict = "flat" if late <= early * FLAT_RATIO else "NOT flat"
    print(
        f"{sent:,} events: {early:.0f} MB in the second tenth of the time, {late:.0f} MB in the last, "
        f"at most {max(samples):.0f} MB: {verdict}",
        flush=True,
    )


def _outage(servers: BenchServers, settings: Settings, memory: MemorySampler, before: int, seconds: float) -> None:
    """Suspend Postgres for half of the time and kill it for the other half, while a backlog builds up."""
    began = len(memory.megabytes)
    usual = statistics.median(memory.megabytes[-20:])
    servers.pause("postgres")
    for chunk in range(BACKLOG_CHUNKS):
        fill_topic(settings, messages(CHUNK, before + chunk))
    time.sleep(seconds / 2)
    servers.kill("postgres")
    time.sleep(seconds / 2)
    most = max(memory.megabytes[began:])
    servers.start("postgres")
    rows, _ = wait_for(settings, before + BACKLOG_CHUNKS * CHUNK)
    verdict = "flat" if most <= usual * FLAT_RATIO else "NOT flat"
    after = max(memory.megabytes[began:])
    print(
        f"outage of {seconds:.0f} s with {BACKLOG_CHUNKS * CHUNK:,} events waiting: {usual:.0f} MB before, at most "
        f"{most:.0f} MB while it lasted, {after:.0f} MB until all {rows:,} were stored: {verdict}",
        flush=True,
    )


@contextmanager
def _service(settings: Settings) -> Iterator[MemorySampler]:
    command = [sys.executable, "-m", "event_platform.cli", "processor"]
    with subprocess.Popen(command, env=os.environ | environment_of(settings), stderr=subprocess.DEVNULL) as process:
        try:
            yield MemorySampler(psutil.Process(process.pid))
        finally:
            process.terminate()
            process.wait(20)
