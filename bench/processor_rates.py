"""Rows a second by each way into the table ``events``, and their CPU time."""

import os
import subprocess
import sys
import time
import uuid
from collections import defaultdict
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Final
from urllib.request import urlopen

import psutil
import psycopg
from bench.processor_setting import begin_at_zero, environment_of, url_of, wait_for
from bench.servers import BenchServers
from prometheus_client.parser import text_string_to_metric_families

from event_platform.core.rules.outcome import EventRow, Storable
from event_platform.core.rules.validate import ValidationRules
from event_platform.core.settings.model import Settings
from event_platform.processor import pipeline
from event_platform.processor.background_thread import SWITCH_INTERVAL_SECONDS
from event_platform.processor.consumer.source import MAX_BATCH_RECORDS
from event_platform.processor.polled_records import PolledRecords, Record, Span
from event_platform.processor.storage import binary_copy
from event_platform.processor.storage.batch import Batch
from event_platform.processor.storage.connection import Database
from event_platform.processor.storage.transaction import TransactionalStore
from event_platform.processor.storage.writer import BatchWriter

RULES: Final = ValidationRules(frozenset({1}), 30)
INSERT: Final = (
    "INSERT INTO events (id, tenant_id, event_id, idempotency_key, event_type, schema_version, occurred_at, "
    "received_at, payload) SELECT gen_random_uuid(), 't', %s, %s, 'x', 1, now(), now(), %s::jsonb"
)


@dataclass(frozen=True)
class Bench:
    """What every measurement uses."""

    settings: Settings
    servers: BenchServers
    values: list[bytes]
    singles: int


@dataclass(frozen=True)
class Rate:
    """Rows a second, and microseconds of CPU time per row."""

    rows: float
    client_us: float
    postgres_us: float
    kafka_us: float
    others_cores: float
    """Cores that other processes used meanwhile; above a few hundredths, the other figures mean little."""

    def text(self) -> str:
        """Format the measurement."""
        return (
            f"{self.rows:,.0f} rows/s; CPU µs a row: client {self.client_us:.1f}, Postgres {self.postgres_us:.1f}, "
            f"Kafka {self.kafka_us:.1f}; others took {self.others_cores:.2f} cores"
        )


class Meter:
    """CPU time of a client and of the servers behind it, from its creation."""

    def __init__(self, servers: BenchServers, client: Callable[[], float]) -> None:
        """Start; ``client`` returns the client's CPU seconds so far."""
        trees = [partial(tree_seconds, psutil.Process(servers.pid(name))) for name in ("postgres", "kafka")]
        self._spent: list[Callable[[], float]] = [client, *trees, machine_seconds]
        self._before = [spent() for spent in self._spent]

    def rate(self, rows: int, seconds: float) -> Rate:
        """Return what ``rows`` have cost since then."""
        spent = [now() - before for now, before in zip(self._spent, self._before, strict=True)]
        client, postgres, kafka, machine = spent
        others_cores = (machine - client - postgres - kafka) / seconds
        return Rate(rows / seconds, 1e6 * client / rows, 1e6 * postgres / rows, 1e6 * kafka / rows, others_cores)


def machine_seconds() -> float:
    """Return the CPU seconds so far of everything on the machine."""
    times = psutil.cpu_times()
    return float(sum(times) - times.idle - getattr(times, "iowait", 0.0))


def tree_seconds(process: psutil.Process) -> float:
    """Return the CPU seconds so far of a process and all its children, exited ones included."""
    total = 0.0
    for each in (process, *process.children(recursive=True)):
        try:
            total += sum(each.cpu_times()[:4])
        except psutil.NoSuchProcess:
            # Its time is counted for its parent by now.
            continue
    return total


def measured(bench: Bench, rows: int, work: Callable[[], object]) -> Rate:
    """Measure ``work`` in this process."""
    # Without children: the servers are among them.
    meter = Meter(bench.servers, time.process_time)
    started = time.perf_counter()
    work()
    return meter.rate(rows, time.perf_counter() - started)


def raw_copy(bench: Bench) -> Rate:
    """Measure one COPY of the same rows, already encoded, into the same table."""
    data = binary_copy.encode(rows_of(bench.values))
    statement = f"COPY events ({', '.join(binary_copy.COLUMNS)}) FROM STDIN (FORMAT binary)"
    with psycopg.connect(url_of(bench.settings)) as connection:

        def work() -> None:
            with connection.cursor().copy(statement.encode()) as copy:
                copy.write(data)
            connection.commit()

        return measured(bench, len(bench.values), work)


def rows_of(values: list[bytes]) -> list[EventRow]:
    """Return the rows that ``values`` become."""
    return [outcome.row for one in chunks(values) for outcome in decide(one).outcomes if isinstance(outcome, Storable)]


def chunks(values: list[bytes]) -> list[PolledRecords]:
    """Split ``values`` into batches of the processor's size."""
    return [taken(values[at : at + MAX_BATCH_RECORDS], at) for at in range(0, len(values), MAX_BATCH_RECORDS)]


def taken(values: list[bytes], start: int) -> PolledRecords:
    """Return a batch as it comes from Kafka."""
    records = tuple(Record(0, start + place, value) for place, value in enumerate(values))
    return PolledRecords("bench", records, {0: Span(start, start + len(values))})


def decide(one: PolledRecords) -> Batch:
    """Decode, validate, enrich, encode."""
    return pipeline.decide(one, RULES, datetime.now(UTC))


def pipeline_alone(bench: Bench) -> Rate:
    """Measure decoding, validation and the transaction, overlapped as in the processor, without Kafka."""
    database = Database(bench.settings)
    writer = new_writer(bench, database, "bench")
    try:
        return measured(bench, len(bench.values), lambda: write_all(writer, bench.values))
    finally:
        database.close()


def new_writer(bench: Bench, database: Database, topic_id: str) -> BatchWriter:
    """Return a writer for a topic that exists in Postgres only."""
    begin_at_zero(database.connection(), topic_id)
    return BatchWriter(
        database, Database(bench.settings), TransactionalStore(database.connection, topic_id), lambda _p, _s: True
    )


def write_all(writer: BatchWriter, values: list[bytes]) -> None:
    """Decode each batch while the previous one is stored."""
    sys.setswitchinterval(SWITCH_INTERVAL_SECONDS)
    with ThreadPoolExecutor(1) as background:
        running = None
        for one in chunks(values):
            batch = decide(one)
            if running is not None:
                running.result()
            running = background.submit(writer.write, batch)
        if running is not None:
            running.result()


def some_there(bench: Bench) -> Rate:
    """Measure the pipeline where one row in a thousand exists, so that every batch resolves conflicts."""
    database = Database(bench.settings)
    some = taken(bench.values[::1_000], 0)
    before = PolledRecords("before", some.records, some.spans)
    new_writer(bench, database, "before").write(decide(before))
    database.close()
    return pipeline_alone(bench)


def service(bench: Bench, workers: int) -> Rate:
    """Measure the real service from Kafka to Postgres, from its first rows to its last."""
    command = [sys.executable, "-m", "event_platform.cli", "processor", "--workers", str(workers)]
    # In the group of the previous run, partitions of an exited worker would wait for its session to expire.
    environment = os.environ | environment_of(bench.settings) | {"KAFKA_GROUP": f"bench-{uuid.uuid4()}"}
    with subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL) as process:
        try:
            before, started = wait_for(bench.settings, 1)
            running = psutil.Process(process.pid)
            meter = Meter(bench.servers, lambda: tree_seconds(running))
            rows, ended = wait_for(bench.settings, len(bench.values))
            rate = meter.rate(rows - before, ended - started)
            print(f"    a batch: {step_times(bench.settings.processor_port)}")
            return rate
        finally:
            process.terminate()
            process.wait(20)


def step_times(port: int) -> str:
    """Return records in a batch, and the mean time of each step, over all workers of the processor."""
    with urlopen(f"http://127.0.0.1:{port}/metrics", timeout=5) as answer:
        families = list(text_string_to_metric_families(answer.read().decode()))
    sums, counts = defaultdict[str, float](float), defaultdict[str, float](float)
    for sample in (one for family in families for one in family.samples):
        if sample.name in {"processor_batch_records_sum", "processor_step_seconds_sum"}:
            sums[sample.labels.get("step", "messages")] += sample.value
        elif sample.name in {"processor_batch_records_count", "processor_step_seconds_count"}:
            counts[sample.labels.get("step", "messages")] += sample.value
    messages = sums["messages"] / counts.pop("messages")
    steps = ", ".join(f"{step} {1e3 * sums[step] / n:.1f} ms" for step, n in counts.items() if n)
    return f"{messages:,.0f} messages, {steps}"


def single_inserts(bench: Bench) -> Rate:
    """Measure one prepared insert and one commit per record, over one connection."""
    with psycopg.connect(url_of(bench.settings), autocommit=True, prepare_threshold=1) as connection:

        def work() -> None:
            for number in range(bench.singles):
                connection.execute(INSERT, [f"single-{number}", f"single-{number}", '{"order_id":1,"amount":12.5}'])

        return measured(bench, bench.singles, work)
