"""A lost client is replaced, and only a lost one."""

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
from event_platform.core.settings.declaration import Settings
from event_platform.core.settings.loading import load

Client = Producer | Consumer | AdminClient


def works_after_a_look(client: ReplaceableClient[Any], topic: str) -> bool:
    """Whether it finds brokers, once it was looked at."""
    client.check_brokers()
    return finds_brokers(client.current, topic)


@pytest.mark.parametrize("kind", [Producer, Consumer, AdminClient])
def test_a_lost_client_is_replaced(
    kind: Callable[[dict[str, Any]], Client], settings: Settings, brokerless_kafka: BrokerlessKafka
) -> None:
    """Kafka named no broker for a moment, as it does when it stops or wakes: afterwards there is one that works."""
    config = {**client_config(settings, "tests"), "bootstrap.servers": brokerless_kafka.brokers}
    config |= {"group.id": "none"} if kind is Consumer else {}
    # Whether such an answer loses a client depends on which of its threads is quicker: so it is not one.
    clients: list[ReplaceableClient[Any]] = [
        ReplaceableClient(partial(kind, config), settings.topic_raw) for _ in range(4)
    ]
    for client in clients:
        eventually(partial(finds_brokers, client.current, settings.topic_raw), "an answer")
    with brokerless_kafka.losing("tests"):
        for client in clients * 5:
            finds_brokers(client.current, settings.topic_raw, 0.2)

    def assert_works(client: ReplaceableClient[Any]) -> None:
        eventually(partial(works_after_a_look, client, settings.topic_raw), "a client that works")

    with ThreadPoolExecutor(len(clients)) as pool:
        list(pool.map(assert_works, clients))


def test_an_outage_replaces_nothing() -> None:
    """Where a new client finds no broker either, the old one stays: it comes back by itself."""
    client = replaceable_admin_client(load(_env_file=None, kafka_brokers="127.0.0.1:1"))
    before = client.current
    client.check_brokers()
    assert client.current is before


def test_a_client_that_works_again_stays(settings: Settings) -> None:
    """Its failure was an outage's, which is over."""
    client = replaceable_admin_client(settings)
    before = client.current
    assert finds_brokers(before, settings.topic_raw, DEADLINE_SECONDS)
    client.replace_if_lost()
    assert client.current is before
