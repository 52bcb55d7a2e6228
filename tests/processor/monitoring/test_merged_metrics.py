"""One exposition of several processes."""

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.parser import text_string_to_metric_families

from event_platform.core.metrics.processor import ProcessorMetrics
from event_platform.processor.monitoring.merged_metrics import merge


def exposition(stored: int) -> bytes:
    """What a worker that stored so many messages exposes."""
    registry = CollectorRegistry()
    metrics = ProcessorMetrics(registry)
    metrics.messages.labels("stored", "").inc(stored)
    metrics.batch_records.observe(stored)
    metrics.lag.labels("3").set(stored)
    return generate_latest(registry)


def samples(text: bytes) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    """Value by name and labels."""
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(text.decode())
        for sample in family.samples
    }


def test_every_sample_is_there_once_for_each_worker() -> None:
    """Counters, gauges and histograms with all their buckets, told apart by one label."""
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
    """Prometheus refuses a second declaration of a name."""
    lines = merge({"0": exposition(1), "1": exposition(2)}).decode().splitlines()
    declared = [line for line in lines if line.startswith("# TYPE")]
    assert len(declared) == len(set(declared)) == len({line.split()[2] for line in declared}) > 5


def test_a_worker_that_has_said_nothing_yet_adds_nothing() -> None:
    """As one that was started a moment ago."""
    assert samples(merge({"0": exposition(5), "1": b""})).keys() == samples(merge({"0": exposition(5)})).keys()
