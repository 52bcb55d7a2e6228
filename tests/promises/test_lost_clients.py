"""P4: a Kafka that named no broker for a moment leaves nobody behind, whose clients would never find it again.

Not every such answer loses a client (`BrokerlessKafka.lose`), so where it is easy there are several of each.
"""

from functools import partial
from typing import Any

import httpx
import pytest
from tests.fixtures.brokerless_kafka import BrokerlessKafka
from tests.fixtures.ingest_client import MakeProducer, new_key
from tests.fixtures.raw_topic import RawTopic
from tests.fixtures.services import RunService, Service
from tests.fixtures.waiting import DEADLINE_SECONDS, eventually, let_pass

WORKERS = 3

pytestmark = pytest.mark.usefixtures("loud_outages")


def test_processor(raw_topic: RawTopic, run_service: RunService, brokerless_kafka: BrokerlessKafka) -> None:
    """It reads what comes afterwards, and is ready."""
    processor = run_service("processor", "--workers", str(WORKERS), KAFKA_BROKERS=brokerless_kafka.brokers)
    raw_topic.send_good(30)
    raw_topic.await_processed()
    with brokerless_kafka.losing("event-platform-processor", "event-platform-admin"):
        brokerless_kafka.cut()
        raw_topic.send_good(30)
    raw_topic.await_processed()
    processor.wait_until_ready()
    raw_topic.assert_balanced()


def is_well(service: Service, producer_of: MakeProducer) -> bool:
    """Whether it is ready and accepts events."""
    return service.is_ready() and producer_of(service).post(new_key()).status_code == httpx.codes.ACCEPTED


def test_ingest(run_service: RunService, producer_of: MakeProducer, brokerless_kafka: BrokerlessKafka) -> None:
    """It is ready again, and accepts events."""
    # Not workers of one: a connection meets any of them, so that one that is lost might never be asked.
    services = [run_service("ingest", KAFKA_BROKERS=brokerless_kafka.brokers) for _ in range(WORKERS)]
    with brokerless_kafka.losing("event-platform-ingest"):
        # They ask every two seconds, so that each that is not lost at once has another chance.
        let_pass(6)
    for service in services:
        eventually(partial(is_well, service, producer_of), "it to be well", 2 * DEADLINE_SECONDS)


def kafka_and_lag(service: Service) -> tuple[str, Any]:
    """How Kafka stands, and the total lag, by what the dashboard asks."""
    health = service.get("/admin/health").json()
    (status,) = (each["status"] for each in health["dependencies"] if each["name"] == "kafka")
    return status, service.get("/admin/kafka/lag").json()["total"]


def test_admin(run_service: RunService, raw_topic: RawTopic, brokerless_kafka: BrokerlessKafka) -> None:
    """It shows Kafka as well, and the lag."""
    raw_topic.send_good(5)
    service = run_service("admin", KAFKA_BROKERS=brokerless_kafka.brokers)
    before = eventually(lambda: told if (told := kafka_and_lag(service))[1] is not None else None, "the lag")
    with brokerless_kafka.losing("event-platform-admin", "event-platform-admin-offset-reader"):
        pass
    eventually(lambda: kafka_and_lag(service) == before, "the same again")
    assert before[0] == "ok"
