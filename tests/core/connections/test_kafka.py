"""The configuration that all Kafka clients share."""

import pytest
from confluent_kafka import KafkaException
from tests.fixtures.proxy import MakeProxy
from tests.fixtures.waiting import DEADLINE_SECONDS

from event_platform.core.connections.kafka import admin_client, brokers, client_config, unavailable_error
from event_platform.core.errors import ConfigurationError, UnavailableError
from event_platform.core.settings.loading import load
from event_platform.core.settings.model import Settings


def test_missing_brokers_are_an_error() -> None:
    """Without `KAFKA_BROKERS` the error names it and the command that starts a broker."""
    with pytest.raises(ConfigurationError, match=r"KAFKA_BROKERS is not set.*event-platform up"):
        brokers(load(_env_file=None, kafka_brokers=None))


def test_clients_have_their_name() -> None:
    """The broker sees the client's name."""
    config = client_config(load(_env_file=None, kafka_brokers="a:1,b:2"), "ep-x")
    assert config["bootstrap.servers"] == "a:1,b:2"
    assert config["client.id"] == "ep-x"


def test_real_broker_answers(settings: Settings) -> None:
    """The administrative client reaches the real broker."""
    assert admin_client(settings).list_topics(timeout=DEADLINE_SECONDS).brokers


def test_broker_is_reached_over_ipv6(settings: Settings, proxy: MakeProxy) -> None:
    """An IPv6 address works for bootstrapping although the brokers advertise IPv4 addresses."""
    try:
        between = proxy(f"kafka://{settings.kafka_brokers}", host="::1")
    except OSError as error:
        pytest.skip(f"this machine has no IPv6: {error}")
    given = settings.model_copy(update={"kafka_brokers": f"[::1]:{between.port}"})
    assert admin_client(given).list_topics(timeout=DEADLINE_SECONDS).brokers


def test_error_names_the_operation() -> None:
    """The error for an unavailable broker names the operation, and does not show librdkafka's representation."""
    client = admin_client(load(_env_file=None, kafka_brokers="127.0.0.1:1"))
    with pytest.raises(KafkaException) as raised:
        client.list_topics(timeout=1)
    error = unavailable_error("listing topics", raised.value)
    assert isinstance(error, UnavailableError)
    assert str(error).startswith("listing topics: ")
    assert "KafkaError{" not in str(error)
