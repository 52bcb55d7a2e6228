"""Kafka clients that outlast their loss. A client is lost when it finds no broker any more, and one made now does.

Kafka may answer, for some milliseconds, that it has no broker at all: while its only one stops, or wakes after its
session has ended. The client then forgets those that it knew, and gives up going back to its bootstrap servers
(https://github.com/confluentinc/librdkafka/issues/5301; seen with 2.11 and 2.16). In an outage a new client finds no
broker either, so that nothing is replaced.
"""

from collections.abc import Callable
from functools import partial
from typing import Final, Generic, TypeVar

from confluent_kafka import Consumer, KafkaException, Producer
from confluent_kafka.admin import AdminClient

from event_platform.core.connections.kafka import admin_client
from event_platform.core.settings.declaration import Settings
from event_platform.core.telemetry import get_logger

ASK_SECONDS: Final = 2.0
SURE_AFTER_SECONDS: Final = 5.0
"""A client that only lost its connection has a new one by then."""

Client = TypeVar("Client", Producer, Consumer, AdminClient)

log = get_logger(__name__)


def finds_brokers(client: Producer | Consumer | AdminClient, topic: str, timeout_seconds: float = ASK_SECONDS) -> bool:
    """Whether a broker answers ``client`` in time and names one; asks for ``topic``, so that the answer is small."""
    try:
        return bool(client.list_topics(topic, timeout=timeout_seconds).brokers)
    except KafkaException:
        return False


def successor(client: Client, make: Callable[[], Client], topic: str) -> Client | None:
    """What to go on with where ``client`` has failed and is lost: a new one, of ``make``, which finds brokers.

    Blocks, in an outage for two seconds, never for more than seven.
    """
    new = make()
    if finds_brokers(new, topic) and not finds_brokers(client, topic, SURE_AFTER_SECONDS):
        return new
    return None


class LastingClient(Generic[Client]):
    """Holds a client, and goes on with a new one when it is lost.

    Attributes:
        current: The client; for one use at a time, because the next may be another. Who holds one that was replaced may
            use it to the end, but finds nobody by it.
    """

    def __init__(self, make: Callable[[], Client], topic: str) -> None:
        """Of what ``make`` makes; ``topic`` is what brokers are asked for."""
        self._make: Callable[[], Client] = make
        self._topic = topic
        self.current: Client = make()

    def look(self) -> None:
        """Replace it if it is lost; any one thread may, now and then. Blocks for nine seconds at most."""
        if not finds_brokers(self.current, self._topic):
            self.replace_if_lost()

    def replace_if_lost(self) -> None:
        """The same as `look`, for one that has just failed."""
        new = successor(self.current, self._make, self._topic)
        if new is not None:
            log.warning("a client finds no Kafka broker, which a new one does; it is replaced", topic=self._topic)
            self.current = new


def lasting_admin_client(settings: Settings) -> LastingClient[AdminClient]:
    """An administrative client that asks for the raw topic; it connects lazily.

    Raises:
        ConfigurationError: No Kafka is named.
    """
    return LastingClient(partial(admin_client, settings), settings.topic_raw)
