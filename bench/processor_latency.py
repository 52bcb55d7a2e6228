"""Time from Kafka's acknowledgement, which a 202 waits for, until an event's row is visible."""

import os
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from urllib.request import urlopen

import psycopg
from bench.processor_setting import environment_of, messages, new_platform, url_of
from bench.servers import BenchServers
from confluent_kafka import KafkaError, Message, Producer

from event_platform.core.connections import kafka
from event_platform.core.settings.model import Settings

WATCH_EVERY = {1_000: 20, 1: 1}
"""By rate: one event of this many is watched."""


def measure(servers: BenchServers) -> None:
    """Print p50 and p99 at 1,000 events a second and at one."""
    settings = new_platform(servers)
    with _service(settings):
        # The first event of a new database waits for its day's partition.
        _latencies(settings, Load(1, 1, seed=0))
        for load, goal_ms in ((Load(1_000, 15, seed=1), 300), (Load(1, 15, seed=2), 150)):
            found = _latencies(settings, load)
            ordered = sorted(seconds for _, seconds in found)
            p99 = ordered[min(len(ordered) - 1, int(len(ordered) * 0.99))] * 1_000
            at, slowest = max(found, key=lambda one: one[1])
            verdict = "met" if p99 <= goal_ms else "NOT met"
            print(
                f"{load.rate:,} events/s: p50 {statistics.median(ordered) * 1_000:.0f} ms, p99 {p99:.0f} ms of "
                f"{len(ordered)}, slowest {slowest * 1_000:.0f} ms at second {at:.1f}; goal ≤ {goal_ms} ms: {verdict}",
                flush=True,
            )


@dataclass(frozen=True)
class Load:
    """Events a second, and for how many seconds."""

    rate: int
    seconds: int
    seed: int


@contextmanager
def _service(settings: Settings) -> Iterator[None]:
    command = [sys.executable, "-m", "event_platform.cli", "processor"]
    with subprocess.Popen(command, env=os.environ | environment_of(settings), stderr=subprocess.DEVNULL) as process:
        try:
            _await_ready(settings.processor_port)
            yield
        finally:
            process.terminate()
            process.wait(20)


def _await_ready(port: int) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        try:
            with urlopen(f"http://127.0.0.1:{port}/health", timeout=2):
                return
        except OSError:
            time.sleep(0.1)
    raise TimeoutError("the processor did not become ready")


def _latencies(settings: Settings, load: Load) -> list[tuple[float, float]]:
    """Return when each watched event was acknowledged, in seconds from the start, and the seconds until its row."""
    acknowledged: dict[str, float] = {}
    found: list[tuple[float, float]] = []
    began = time.monotonic()
    sending = threading.Thread(target=_send, args=(settings, load, acknowledged))
    sending.start()
    waiting: dict[str, float] = {}
    with psycopg.connect(url_of(settings), autocommit=True) as connection:
        while sending.is_alive() or acknowledged or waiting:
            while acknowledged:
                event_id, at = acknowledged.popitem()
                waiting[event_id] = at
            rows = connection.execute(
                "SELECT event_id FROM events WHERE event_id = ANY(%s) AND tenant_id IN ('tenant_a', 'tenant_b')",
                [list(waiting)],
            )
            now = time.monotonic()
            ended = [waiting.pop(event_id) for (event_id,) in rows.fetchall()]
            found += [(at - began, now - at) for at in ended]
            time.sleep(0.002)
    return found


def _send(settings: Settings, load: Load, acknowledged: dict[str, float]) -> None:
    producer = Producer({**kafka.client_config(settings, "bench"), "linger.ms": 0, "acks": "all"})
    started = time.monotonic()
    for number, value in enumerate(messages(load.rate * load.seconds, load.seed)):
        event_id = f"evt-{load.seed}-{number}"

        def on_delivery(
            error: KafkaError | None, _message: Message, event_id: str = event_id, number: int = number
        ) -> None:
            if error is not None:
                raise RuntimeError(error.str())
            if number % WATCH_EVERY[load.rate] == 0:
                acknowledged[event_id] = time.monotonic()

        producer.produce(settings.topic_raw, value, event_id.encode(), on_delivery=on_delivery)
        while time.monotonic() < started + number / load.rate:
            producer.poll(0.001)
    producer.flush(10)
