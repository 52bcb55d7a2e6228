"""Counts what ``core.metrics`` declares for ingest, without a lock: each process writes its own row of a shared table.

A row is a fixed number of doubles in a memory-mapped file; whoever is scraped sums the rows. A row outlives a process
that died, so that no counter ever goes back; only its gauges are cleared by the process that takes its place.
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

_DOUBLE_BYTES = 8

Row: TypeAlias = "memoryview[float]"


def _width(declared: MetricDeclaration) -> int:
    """Doubles that a metric takes: one a label value; a histogram's buckets, the infinite one and the sum."""
    return len(declared.bounds) + 2 if declared.kind == "histogram" else max(1, len(declared.values))


def _places() -> dict[str, int]:
    places, at = {}, 0
    for declared in metrics.ALL:
        places[declared.name] = at
        at += _width(declared)
    return places


_PLACES: Final = _places()
ROW: Final = sum(_width(declared) for declared in metrics.ALL)
_OUTCOMES: Final = {outcome: place for place, outcome in enumerate(metrics.OUTCOMES)}


class Table:
    """The rows of all processes.

    Args:
        path: The file that they share; made if it does not exist.
        workers: How many rows.

    Attributes:
        path: The file; None where no other process can know of it.
    """

    def __init__(self, path: Path, workers: int) -> None:
        self.path: Path | None = path
        size = workers * ROW * _DOUBLE_BYTES
        with path.open("ab") as file:
            file.truncate(size)
        with path.open("r+b") as file:
            self._view: Row = memoryview(mmap.mmap(file.fileno(), size)).cast("d")
        self._workers = workers

    @classmethod
    def private(cls) -> "Table":
        """A table of one row for a single process."""
        with tempfile.TemporaryDirectory(prefix="ingest-metrics-", ignore_cleanup_errors=True) as folder:
            table = cls(Path(folder) / "rows", 1)
        table.path = None
        return table

    def row(self, worker: int) -> Row:
        """The row that process ``worker``, counted from 0, writes."""
        return self._view[worker * ROW : (worker + 1) * ROW]

    def sums(self) -> list[float]:
        """Each place summed over the rows."""
        return [sum(self._view[place::ROW]) for place in range(ROW)]


class _Histogram:
    """Where a histogram stands in a row."""

    __slots__ = ("_bounds", "_first", "_row", "_sum")

    def __init__(self, row: Row, declared: MetricDeclaration) -> None:
        self._row = row
        self._bounds = declared.bounds
        self._first = _PLACES[declared.name]
        self._sum = self._first + len(declared.bounds) + 1

    def observe(self, value: float) -> None:
        self._row[self._first + bisect_left(self._bounds, value)] += 1
        self._row[self._sum] += value


class Tally:
    """Counts of one process."""

    def __init__(self, row: Row) -> None:
        self._row = row
        self._requests = _PLACES[metrics.REQUESTS.name]
        self._items = _PLACES[metrics.ITEMS.name]
        self._in_flight = _PLACES[metrics.IN_FLIGHT.name]
        self._latency = _Histogram(row, metrics.LATENCY)
        self._redis_operations = _Histogram(row, metrics.REDIS_OPERATIONS)
        self._redis_seconds = _Histogram(row, metrics.REDIS_SECONDS)
        self._kafka_seconds = _Histogram(row, metrics.KAFKA_SECONDS)
        for declared in metrics.ALL:
            if declared.kind == "gauge":
                row[_PLACES[declared.name]] = 0

    def began(self) -> None:
        """A request has arrived."""
        self._row[self._in_flight] += 1

    def ended(self, outcome: str, seconds: float) -> None:
        """A request was answered, ``seconds`` after it came."""
        row = self._row
        row[self._in_flight] -= 1
        row[self._requests + _OUTCOMES[outcome]] += 1
        self._latency.observe(seconds)

    def items(self, outcomes: Mapping[str, int]) -> None:
        """The items of a batch were answered, so many with each outcome."""
        for outcome, count in outcomes.items():
            self._row[self._items + _OUTCOMES[outcome]] += count

    def redis_call(self, operations: int) -> None:
        """A call was sent that carries ``operations``."""
        self._redis_operations.observe(float(operations))

    def redis_seconds(self, seconds: float) -> None:
        """A call was answered."""
        self._redis_seconds.observe(seconds)

    def kafka_seconds(self, seconds: float) -> None:
        """The outcome of all events handed to the producer together is known."""
        self._kafka_seconds.observe(seconds)

    def without_redis(self) -> None:
        """An event was decided without Redis."""
        self._row[_PLACES[metrics.WITHOUT_REDIS.name]] += 1

    def gauges(self, connections: int, producer_queue: int) -> None:
        """What is open and queued just now."""
        self._row[_PLACES[metrics.CONNECTIONS.name]] = connections
        self._row[_PLACES[metrics.PRODUCER_QUEUE.name]] = producer_queue


class TallyCollector(Collector):
    """The table as Prometheus' client library wants it."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def collect(self) -> Iterator[Metric]:
        """Every metric, summed over the processes."""
        sums = self._table.sums()
        for declared in metrics.ALL:
            place = _PLACES[declared.name]
            yield _family(declared, sums[place : place + _width(declared)])


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
    buckets, seen = [], 0.0
    for bound, count in zip((*map(str, declared.bounds), "+Inf"), counts, strict=True):
        seen += count
        buckets.append((bound, seen))
    return HistogramMetricFamily(declared.name, declared.help, buckets=buckets, sum_value=total)
