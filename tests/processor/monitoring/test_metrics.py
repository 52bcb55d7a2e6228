"""The metrics of steps and of failures."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from uuid import uuid4

from prometheus_client.parser import text_string_to_metric_families
from tests.fixtures.raw_topic import RawTopic
from tests.fixtures.services import RunService, Service
from tests.fixtures.waiting import eventually

from event_platform.processor.monitoring.timings import Step


def test_every_step_is_timed(raw_topic: RawTopic, run_service: RunService) -> None:
    """After a stored, a duplicate and a dead record, every step has been timed."""
    processor = run_service("processor")
    value = raw_topic.message()
    again = json.dumps({**json.loads(value), "request_id": f"req_{uuid4()}"}).encode()
    for message in (value, again, raw_topic.message({"event_type": ""})):
        raw_topic.send(message, partition=0)
        raw_topic.await_processed()
    eventually(lambda: _timed_steps(processor) == set(Step), "a time of every step")


def test_failed_attempts_are_counted(raw_topic: RawTopic, run_service: RunService) -> None:
    """Every attempt that fails for a missing table is counted, by operation."""
    processor = run_service("processor")
    with _without_counts(raw_topic):
        (sent,) = raw_topic.send_good(1)
        eventually(lambda: _failed_attempts(processor) >= 2, "the second failed attempt")
    assert sent.value
    raw_topic.await_row(sent.value)


def _timed_steps(processor: Service) -> set[str]:
    found = _samples(processor, "processor_step_seconds_count")
    return {labels["step"] for labels, n in found if n > 0}


def _failed_attempts(processor: Service) -> float:
    found = _samples(processor, "processor_failed_attempts_total")
    return sum(n for labels, n in found if labels["doing"] == "storing a batch")


def _samples(processor: Service, name: str) -> list[tuple[dict[str, str], float]]:
    families = text_string_to_metric_families(processor.metrics())
    return [(one.labels, one.value) for family in families for one in family.samples if one.name == name]


@contextmanager
def _without_counts(raw_topic: RawTopic) -> Iterator[None]:
    with raw_topic.connect() as connection:
        connection.execute("ALTER TABLE throughput RENAME TO throughput_away")
        try:
            yield
        finally:
            connection.execute("ALTER TABLE throughput_away RENAME TO throughput")
