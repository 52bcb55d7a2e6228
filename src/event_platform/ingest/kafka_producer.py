"""The Kafka producer in use: probed, and replaced after a fatal error or when it no longer finds a broker."""

import asyncio
from contextlib import suppress
from functools import partial
from typing import Any, Final

from confluent_kafka import KafkaError, KafkaException, Producer
from confluent_kafka.admin import ClusterMetadata

from event_platform.core.connections.replaceable_client import find_replacement
from event_platform.core.telemetry import get_logger
from event_platform.ingest.delivery_outcomes import NOT_PUBLISHED_CODES
from event_platform.ingest.dependency_status import DependencyStatus

_CLOSE_POLL_SECONDS: Final = 0.05
_PROBE_SECONDS: Final = 2.0
_HOLD_DOWN_SECONDS: Final = 10.0
"""How long Kafka stays marked down after a failed delivery, even if it answers probes."""

log = get_logger(__name__)


class ReplaceableProducer:
    """Keeps one producer of a topic in working order, and Kafka's status current.

    Args:
        topic: The topic.
        config: librdkafka's configuration.
        status: Status of Kafka.

    Attributes:
        current: The producer to use now.
    """

    def __init__(self, topic: str, config: dict[str, Any], status: DependencyStatus) -> None:
        self._topic = topic
        self._config = config
        self._status = status
        self._loop = asyncio.get_running_loop()
        self._failed_at = -_HOLD_DOWN_SECONDS
        self._closing: set[asyncio.Task[None]] = set()
        self.current = Producer(config)

    def poll(self) -> None:
        """Run the delivery callbacks that are due; replace the producer after a fatal error."""
        producer = self.current
        try:
            producer.poll(0)
        except KafkaException as error:
            # confluent-kafka raises fatal errors here; `error_cb` is not called for them.
            self.replace(producer, error.args[0])

    def record_delivery(self) -> None:
        """Mark Kafka up after an acknowledgement."""
        self._status.mark_up()

    def record_error(self, error: KafkaError) -> None:
        """Mark Kafka down after a failed delivery, unless the record itself was at fault."""
        if error.code() in NOT_PUBLISHED_CODES:
            return
        self._failed_at = self._loop.time()
        self._status.mark_down(f"Kafka did not take an event: {error.str()}")
        if error.fatal() or error.code() == KafkaError._FATAL:  # noqa: SLF001 - librdkafka's local codes are named so
            self._loop.call_soon(self.replace, self.current, error)

    def replace(self, failed: Producer, error: KafkaError) -> None:
        """Use a new producer after a fatal error of ``failed``; do nothing if it was replaced before."""
        if failed is not self.current:
            return
        log.warning("kafka producer failed; replacing it", error=error.str())
        self._failed_at = self._loop.time()
        self._status.mark_down(f"the Kafka producer failed: {error.str()}")
        self._switch_to(Producer(self._config))

    def _switch_to(self, new: Producer) -> None:
        failed, self.current = self.current, new
        closing = self._loop.create_task(_purge_and_close(failed))
        self._closing.add(closing)
        closing.add_done_callback(self._closing.discard)

    async def probe(self) -> None:
        """Ask Kafka for the topic, so that its status is known, and a lost producer noticed, without traffic too."""
        producer = self.current
        try:
            metadata = await asyncio.to_thread(producer.list_topics, self._topic, timeout=_PROBE_SECONDS)
        except KafkaException as error:
            self._status.mark_down(f"Kafka does not answer: {error.args[0].str()}")
            await self._replace_if_lost(producer)
        else:
            self._check_metadata(metadata)

    def _check_metadata(self, metadata: ClusterMetadata) -> None:
        topic_error = metadata.topics[self._topic].error
        if not metadata.brokers:
            # A broker that stops or starts says so; a client may then lose Kafka for good (`core.connections`).
            self._status.mark_down("Kafka says that it has no broker")
        elif topic_error is not None:
            self._status.mark_down(f"topic {self._topic}: {topic_error.str()}")
        elif self._loop.time() - self._failed_at >= _HOLD_DOWN_SECONDS:
            self._status.mark_up()

    async def _replace_if_lost(self, producer: Producer) -> None:
        new = await asyncio.to_thread(find_replacement, producer, partial(Producer, self._config), self._topic)
        if new is not None and producer is self.current:
            log.warning("kafka producer finds no broker, a new one does; replacing it")
            self._switch_to(new)


async def _purge_and_close(failed: Producer) -> None:
    """Close a failed producer off the event loop; the outcome of records that it had not sent is a purge."""
    await asyncio.to_thread(failed.purge)
    while len(failed):
        with suppress(KafkaException):
            failed.poll(0)
        await asyncio.sleep(_CLOSE_POLL_SECONDS)
    await asyncio.to_thread(failed.close)
