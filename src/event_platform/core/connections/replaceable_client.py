"""Kafka clients that are replaced when they have lost every broker, as seen from a new client that finds one.

While its only broker stops, or wakes after its session has expired, Kafka may answer for some milliseconds that it has
no brokers at all. The client then forgets the brokers it knew and does not go back to its bootstrap servers
(https://github.com/confluentinc/librdkafka/issues/5301; observed with 2.11 and 2.16). During an outage a new client
finds no broker either, so nothing is replaced.
"""

from collections.abc import Callable
from functools import partial
from typing import Final, Generic, TypeVar

from confluent_kafka import Consumer, KafkaException, Producer
from confluent_kafka.admin import AdminClient

from event_platform.core.connections.kafka import admin_client
from event_platform.core.settings.model import Settings
from event_platform.core.telemetry import get_logger

METADATA_SECONDS: Final = 2.0
RECONNECT_SECONDS: Final = 5.0
"""A client that only lost its connection has reconnected by then."""

Client = TypeVar("Client", Producer, Consumer, AdminClient)

log = get_logger(__name__)


def finds_brokers(
    client: Producer | Consumer | AdminClient, topic: str, timeout_seconds: float = METADATA_SECONDS
) -> bool:
    """Return whether a broker answers in time and names one; asks about ``topic`` only, to keep the response small."""
    try:
        return bool(client.list_topics(topic, timeout=timeout_seconds).brokers)
    except KafkaException:
        return False


def find_replacement(client: Client, make: Callable[[], Client], topic: str) -> Client | None:
    """Return a new client if ``client``, which has just failed, finds no brokers and a new one does; else None.

    Blocks for two seconds in an outage, and for seven at most.
    """
    new = make()
    if finds_brokers(new, topic) and not finds_brokers(client, topic, RECONNECT_SECONDS):
        return new
    return None


class ReplaceableClient(Generic[Client]):
    """Holds a client and replaces it when it has lost every broker.

    Args:
        make: Creates a client.
        topic: The topic that brokers are asked about.

    Attributes:
        current: The client. Read it anew for every operation, because it may have been replaced. An operation that is
            running on a replaced client may finish, but that client finds no brokers any more.
    """

    def __init__(self, make: Callable[[], Client], topic: str) -> None:
        self._make: Callable[[], Client] = make
        self._topic = topic
        self.current: Client = make()

    def check_brokers(self) -> None:
        """Replace the client if it has lost every broker; for one thread only. Blocks for nine seconds at most."""
        if not finds_brokers(self.current, self._topic):
            self.replace_if_lost()

    def replace_if_lost(self) -> None:
        """Replace the client, which has just failed, if it has lost every broker; blocks like `find_replacement`."""
        new = find_replacement(self.current, self._make, self._topic)
        if new is not None:
            log.warning("client finds no Kafka broker; replaced", topic=self._topic)
            self.current = new


def replaceable_admin_client(settings: Settings) -> ReplaceableClient[AdminClient]:
    """Create a replaceable admin client that asks about the raw topic; it connects on its first request.

    Raises:
        ConfigurationError: `KAFKA_BROKERS` is not set.
    """
    return ReplaceableClient(partial(admin_client, settings), settings.topic_raw)
