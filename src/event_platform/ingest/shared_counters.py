"""Counters of ingest's metrics, without a lock: each process writes its own row of a table in shared memory.

A row is a fixed number of doubles in a memory-mapped file; a scrape sums the rows. A row outlives a process that died,
so that no counter ever decreases; the process that replaces it resets only its gauges. ``core.metrics.ingest`` declares
the metrics.
"""

import mmap
import tempfile
from bisect import bisect_left
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final, TypeAlias

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector

from event_platform.core.metrics import ingest as metrics
from event_platform.core.metrics.declaration import MetricDeclaration

_DOUBLE_BYTES: Final = 8

CounterRow: TypeAlias = "memoryview[float]"


def _cell_count(declared: MetricDeclaration) -> int:
    """Return how many doubles a metric takes: one a label value; for a histogram its buckets, infinity and the sum."""
    return len(declared.bounds) + 2 if declared.kind == "histogram" else max(1, len(declared.values))


def _first_cells() -> dict[str, int]:
    cells, at = {}, 0
    for declared in metrics.ALL:
        cells[declared.name] = at
        at += _cell_count(declared)
    return cells


_FIRST_CELL: Final = _first_cells()
ROW_CELLS: Final = sum(_cell_count(declared) for declared in metrics.ALL)
_OUTCOME_INDEX: Final = {outcome: index for index, outcome in enumerate(metrics.OUTCOMES)}


class CounterTable:
    """The rows of all processes.

    Args:
        path: The file that they share; created if it does not exist.
        workers: How many rows.

    Attributes:
        path: The file; None where no other process shares it.
    """

    def __init__(self, path: Path, workers: int) -> None:
        self.path: Path | None = path
        size = workers * ROW_CELLS * _DOUBLE_BYTES
        with path.open("ab") as file:
            file.truncate(size)
        with path.open("r+b") as file:
            self._cells: CounterRow = memoryview(mmap.mmap(file.fileno(), size)).cast("d")

    @classmethod
    def private(cls) -> "CounterTable":
        """Return a table of one row for a single process."""
        with tempfile.TemporaryDirectory(prefix="ingest-metrics-", ignore_cleanup_errors=True) as folder:
            table = cls(Path(folder) / "rows", 1)
        table.path = None
        return table

    def row(self, worker: int) -> CounterRow:
        """Return the row of the process with index ``worker``."""
        return self._cells[worker * ROW_CELLS : (worker + 1) * ROW_CELLS]

    def sums(self) -> list[float]:
        """Return each cell summed over the rows."""
        return [sum(self._cells[cell::ROW_CELLS]) for cell in range(ROW_CELLS)]


class _HistogramCells:
    """The cells of one histogram in a row."""

    __slots__ = ("_bounds", "_first", "_row", "_sum")

    def __init__(self, row: CounterRow, declared: MetricDeclaration) -> None:
        self._row = row
        self._bounds = declared.bounds
        self._first = _FIRST_CELL[declared.name]
        self._sum = self._first + len(declared.bounds) + 1

    def observe(self, value: float) -> None:
        self._row[self._first + bisect_left(self._bounds, value)] += 1
        self._row[self._sum] += value


class Counters:
    """Counts of one process."""

    def __init__(self, row: CounterRow) -> None:
        self._row = row
        self._requests = _FIRST_CELL[metrics.REQUESTS.name]
        self._items = _FIRST_CELL[metrics.ITEMS.name]
        self._in_flight = _FIRST_CELL[metrics.IN_FLIGHT.name]
        self._latency = _HistogramCells(row, metrics.LATENCY)
        self._redis_operations = _HistogramCells(row, metrics.REDIS_OPERATIONS)
        self._redis_seconds = _HistogramCells(row, metrics.REDIS_SECONDS)
        self._kafka_seconds = _HistogramCells(row, metrics.KAFKA_SECONDS)
        for declared in metrics.ALL:
            if declared.kind == "gauge":
                row[_FIRST_CELL[declared.name]] = 0

    def request_started(self) -> None:
        """Count a request in flight."""
        self._row[self._in_flight] += 1

    def request_finished(self, outcome: str, seconds: float) -> None:
        """Count a finished request by its outcome, and its latency."""
        row = self._row
        row[self._in_flight] -= 1
        row[self._requests + _OUTCOME_INDEX[outcome]] += 1
        self._latency.observe(seconds)

    def batch_items(self, outcomes: Mapping[str, int]) -> None:
        """Count the items of a batch by their outcomes."""
        for outcome, count in outcomes.items():
            self._row[self._items + _OUTCOME_INDEX[outcome]] += count

    def redis_call_sent(self, operations: int) -> None:
        """Count a call by its number of operations."""
        self._redis_operations.observe(float(operations))

    def redis_call_finished(self, seconds: float) -> None:
        """Count the time of a call."""
        self._redis_seconds.observe(seconds)

    def kafka_batch_finished(self, seconds: float) -> None:
        """Count the time until all events handed to the producer together had an outcome."""
        self._kafka_seconds.observe(seconds)

    def decided_without_redis(self) -> None:
        """Count an event that was admitted or rejected without Redis."""
        self._row[_FIRST_CELL[metrics.WITHOUT_REDIS.name]] += 1

    def set_gauges(self, connections: int, producer_queue: int) -> None:
        """Set the number of open connections and of events without an outcome."""
        self._row[_FIRST_CELL[metrics.CONNECTIONS.name]] = connections
        self._row[_FIRST_CELL[metrics.PRODUCER_QUEUE.name]] = producer_queue


class CountersCollector(Collector):
    """Exposes the table to Prometheus' client library."""

    def __init__(self, table: CounterTable) -> None:
        self._table = table

    def collect(self) -> Iterator[Metric]:
        """Yield every metric, summed over the processes."""
        sums = self._table.sums()
        for declared in metrics.ALL:
            first = _FIRST_CELL[declared.name]
            yield _family(declared, sums[first : first + _cell_count(declared)])


def _family(declared: MetricDeclaration, values: list[float]) -> Metric:
    if declared.kind == "histogram":
        return _histogram(declared, values)
    if declared.kind == "gauge":
        return GaugeMetricFamily(declared.name, declared.help, value=values[0])
    if not declared.labels:
        return CounterMetricFamily(declared.name, declared.help, value=values[0])
    family = CounterMetricFamily(declared.name, declared.help, labels=declared.labels)
    for value, count in zip(declared.values, values, strict=True):
        family.add_metric([value], count)
    return family


def _histogram(declared: MetricDeclaration, values: list[float]) -> Metric:
    *counts, total = values
    buckets, cumulative = [], 0.0
    for bound, count in zip((*map(str, declared.bounds), "+Inf"), counts, strict=True):
        cumulative += count
        buckets.append((bound, cumulative))
    return HistogramMetricFamily(declared.name, declared.help, buckets=buckets, sum_value=total)
