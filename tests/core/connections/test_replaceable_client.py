"""A Kafka client is replaced if it has lost all brokers, and only then."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import pytest
from confluent_kafka import Consumer, Producer
from confluent_kafka.admin import AdminClient
from tests.fixtures.brokerless_kafka import BrokerlessKafka
from tests.fixtures.waiting import DEADLINE_SECONDS, eventually

from event_platform.core.connections.kafka import client_config
from event_platform.core.connections.replaceable_client import (
    ReplaceableClient,
    finds_brokers,
    replaceable_admin_client,
)
from event_platform.core.settings.loading import load
from event_platform.core.settings.model import Settings

Client = Producer | Consumer | AdminClient


def works_after_check(client: ReplaceableClient[Any], topic: str) -> bool:
    """Return whether the client finds brokers after a check."""
    client.check_brokers()
    return finds_brokers(client.current, topic)


@pytest.mark.parametrize("kind", [Producer, Consumer, AdminClient])
def test_client_without_brokers_is_replaced(
    kind: Callable[[dict[str, Any]], Client], settings: Settings, brokerless_kafka: BrokerlessKafka
) -> None:
    """After Kafka has named no broker for a moment, as when it stops or wakes, the replacement works."""
    config = {**client_config(settings, "tests"), "bootstrap.servers": brokerless_kafka.brokers}
    config |= {"group.id": "none"} if kind is Consumer else {}
    # Whether the response makes a client lose its brokers depends on a race of its threads, so there are several.
    clients: list[ReplaceableClient[Any]] = [
        ReplaceableClient(partial(kind, config), settings.topic_raw) for _ in range(4)
    ]
    for client in clients:
        eventually(partial(finds_brokers, client.current, settings.topic_raw), "an answer")
    with brokerless_kafka.losing("tests"):
        for client in clients * 5:
            finds_brokers(client.current, settings.topic_raw, 0.2)

    def assert_works(client: ReplaceableClient[Any]) -> None:
        eventually(partial(works_after_check, client, settings.topic_raw), "a client that works")

    with ThreadPoolExecutor(len(clients)) as pool:
        list(pool.map(assert_works, clients))


def test_outage_replaces_nothing() -> None:
    """While a new client finds no broker either, the old one stays and reconnects by itself."""
    client = replaceable_admin_client(load(_env_file=None, kafka_brokers="127.0.0.1:1"))
    before = client.current
    client.check_brokers()
    assert client.current is before


def test_recovered_client_is_kept(settings: Settings) -> None:
    """A failure in an outage that is over does not replace the client."""
    client = replaceable_admin_client(settings)
    before = client.current
    assert finds_brokers(before, settings.topic_raw, DEADLINE_SECONDS)
    client.replace_if_lost()
    assert client.current is before
