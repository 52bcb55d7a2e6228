"""Configurations of Kafka's clients: one place for what holds everywhere."""

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from confluent_kafka import Consumer, KafkaException, Producer
from confluent_kafka.admin import AdminClient
from tests.fixtures.brokerless_kafka import BrokerlessKafka
from tests.fixtures.waiting import DEADLINE_SECONDS, eventually

from event_platform.core.errors import ConfigurationError, UnavailableError
from event_platform.core.kafka import admin_client, brokers, client_config, unavailable
from event_platform.core.settings import Settings, load
from event_platform.local.ports import LOOPBACK
from event_platform.processor import consumer


def test_missing_brokers_say_what_to_do() -> None:
    """Without `KAFKA_BROKERS` the error names it and the command that starts a broker."""
    with pytest.raises(ConfigurationError, match=r"KAFKA_BROKERS is not set.*event-platform up"):
        brokers(load(_env_file=None, kafka_brokers=None))


def test_clients_carry_their_name() -> None:
    """A client is known to the broker by its name."""
    config = client_config(load(_env_file=None, kafka_brokers="a:1,b:2"), "ep-x")
    assert config["bootstrap.servers"] == "a:1,b:2"
    assert config["client.id"] == "ep-x"


def test_real_broker_answers(settings: Settings) -> None:
    """The administrative client reaches the real broker."""
    assert admin_client(settings).list_topics(timeout=DEADLINE_SECONDS).brokers


def test_absent_broker_is_an_outage_that_says_what_was_done() -> None:
    """A broker that is away is told within the deadline, with what was being done."""
    client = admin_client(load(_env_file=None, kafka_brokers="127.0.0.1:1"))
    with pytest.raises(KafkaException) as raised:
        client.list_topics(timeout=1)
    error = unavailable("listing topics", raised.value)
    assert isinstance(error, UnavailableError)
    assert str(error).startswith("listing topics: ")
    assert "KafkaError{" not in str(error)


Client = Producer | Consumer | AdminClient


def brokers_known_to(client: Client, topic: str) -> int:
    """How many brokers Kafka names; none where it does not answer either."""
    try:
        return len(client.list_topics(topic, timeout=2).brokers)
    except KafkaException:
        return 0


def hears_of_no_broker(client: Client, topic: str, kafka: BrokerlessKafka, before: int) -> bool:
    """Whether asking has brought an answer without brokers, after so many of them."""
    brokers_known_to(client, topic)
    return kafka.told > before


@pytest.mark.parametrize("kind", [Producer, Consumer, AdminClient])
def test_clients_survive_an_answer_without_brokers(
    kind: Callable[[dict[str, Any]], Client], settings: Settings, brokerless_kafka: BrokerlessKafka
) -> None:
    """A Kafka that stops, or wakes, says for a moment that it has no broker; its clients work again afterwards."""
    there = f"{LOOPBACK}:{brokerless_kafka.port}"
    config = consumer.config(settings, "member") if kind is Consumer else client_config(settings, "client")
    # Whether one that cannot do it is lost depends on which of its threads is quicker: so it is not one.
    clients = [kind({**config, "bootstrap.servers": there}) for _ in range(8)]
    for client in clients:
        eventually(partial(brokers_known_to, client, settings.topic_raw), "an answer")
    brokerless_kafka.names_brokers = False
    for client in clients:
        told = partial(hears_of_no_broker, client, settings.topic_raw, brokerless_kafka, brokerless_kafka.told)
        eventually(told, "an answer without brokers")
    brokerless_kafka.names_brokers = True
    for client in clients:
        eventually(partial(brokers_known_to, client, settings.topic_raw), "a client that works")
