"""The merged metrics of several workers."""

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.parser import text_string_to_metric_families

from event_platform.core.metrics.processor import ProcessorMetrics
from event_platform.processor.monitoring.merged_metrics import merge


def exposition(stored: int) -> bytes:
    """Return the metrics of a worker that stored so many records."""
    registry = CollectorRegistry()
    metrics = ProcessorMetrics(registry)
    metrics.messages.labels("stored", "").inc(stored)
    metrics.batch_records.observe(stored)
    metrics.lag.labels("3").set(stored)
    return generate_latest(registry)


def samples(text: bytes) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    """Return values by name and labels."""
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(text.decode())
        for sample in family.samples
    }


def test_every_sample_is_there_once_for_each_worker() -> None:
    """Counters, gauges and all histogram buckets are there once per worker."""
    one, two = exposition(5), exposition(700)
    merged = samples(merge({"0": one, "1": two}))
    expected = {
        (name, tuple(sorted((*labels, ("worker", worker))))): value
        for worker, text in (("0", one), ("1", two))
        for (name, labels), value in samples(text).items()
    }
    assert merged == expected
    assert merged["processor_messages_total", (("code", ""), ("outcome", "stored"), ("worker", "1"))] == 700


def test_a_family_is_declared_once() -> None:
    """A metric is declared once, because Prometheus rejects a second declaration."""
    lines = merge({"0": exposition(1), "1": exposition(2)}).decode().splitlines()
    declared = [line for line in lines if line.startswith("# TYPE")]
    assert len(declared) == len(set(declared)) == len({line.split()[2] for line in declared}) > 5


def test_a_worker_without_a_report_adds_nothing() -> None:
    """A worker that has not reported yet adds no samples."""
    assert samples(merge({"0": exposition(5), "1": b""})).keys() == samples(merge({"0": exposition(5)})).keys()
