"""Publishes to Kafka and reports each event's outcome within the delivery timeout.

confluent-kafka's plain producer, because its asyncio one carries no headers. The event loop polls it every millisecond
while deliveries are pending: confluent-kafka takes and drops the interpreter's lock for each delivery, so a thread of
its own would wait for the busy loop once for each event.
"""

import asyncio
import time
from collections.abc import Sequence
from functools import partial
from typing import Any, Final

from confluent_kafka import KafkaError, KafkaException

from event_platform.core.errors import UnavailableError
from event_platform.ingest.delivery_outcomes import NotPublishedError, PublishBatch, Record, error_for_outcome
from event_platform.ingest.dependency_status import DependencyStatus
from event_platform.ingest.kafka_producer import ReplaceableProducer
from event_platform.ingest.shared_counters import Counters

DELIVERY_TIMEOUT_SECONDS: Final = 5.0
DELIVERY_WAIT_SECONDS: Final = 4.5
"""How long a request waits for its delivery. With a second for Redis before it, and up to one interval of
`Publisher.poll_and_expire`, every response comes within 6 s; an event that Kafka takes later has an unknown outcome."""
_POLL_INTERVAL_SECONDS: Final = 0.001


class Publisher:
    """Publishes to one topic.

    Args:
        topic: The topic.
        config: librdkafka's configuration.
        status: Status of Kafka.
        counters: Counts the time until Kafka acknowledges.
    """

    def __init__(self, topic: str, config: dict[str, Any], status: DependencyStatus, counters: Counters) -> None:
        self._topic = topic
        self._counters = counters
        self._loop = asyncio.get_running_loop()
        self._deadlines: dict[PublishBatch, float] = {}
        self._next_poll: asyncio.TimerHandle | None = None
        self._polled_at = 0.0
        self._last_was_acknowledged = False
        self._producer = ReplaceableProducer(topic, config, status)

    @property
    def pending_events(self) -> int:
        """Events without an outcome."""
        return sum(batch.pending for batch in self._deadlines)

    async def publish(self, record: Record) -> None:
        """Return when Kafka has acknowledged ``record``.

        Raises:
            NotPublishedError: It is certainly not in Kafka: the queue is full, or Kafka never takes such a record.
            PublicationUnknownError: It was not acknowledged in time, or the producer failed meanwhile.
        """
        (failure,) = await self.publish_all((record,))
        if failure is not None:
            raise failure

    async def publish_all(self, records: Sequence[Record]) -> list[UnavailableError | None]:
        """Publish many and wait once for all; return what `publish` would raise for each, None if acknowledged."""
        if not records:
            return []
        started = self._loop.time()
        batch = PublishBatch(len(records), self._loop.create_future())
        for index, record in enumerate(records):
            self._produce(record, batch, index)
        self._poll_if_due()
        if batch.pending:
            self._deadlines[batch] = started + DELIVERY_WAIT_SECONDS
            self._schedule_poll()
            await batch.done
        self._counters.kafka_batch_finished(self._loop.time() - started)
        return [None if outcome is None else error_for_outcome(outcome) for outcome in batch.outcomes]

    def _produce(self, record: Record, batch: PublishBatch, index: int) -> None:
        try:
            self._producer.current.produce(
                self._topic,
                record.value,
                record.key,
                headers=record.headers,
                on_delivery=partial(self._on_delivery, batch, index),
            )
        except BufferError:
            batch.set_outcome(index, NotPublishedError("publishing an event: too many wait for Kafka"))
        except KafkaException as error:
            self._producer.record_error(error.args[0])
            batch.set_outcome(index, NotPublishedError(f"publishing an event: {error.args[0].str()}"))

    def _on_delivery(self, batch: PublishBatch, index: int, error: KafkaError | None, _message: object) -> None:
        batch.set_outcome(index, error)
        if not batch.pending:
            self._deadlines.pop(batch, None)
        self._last_was_acknowledged = error is None
        if error is not None:
            self._producer.record_error(error)

    def _schedule_poll(self) -> None:
        if self._next_poll is None:
            self._next_poll = self._loop.call_later(_POLL_INTERVAL_SECONDS, self._scheduled_poll)

    def _scheduled_poll(self) -> None:
        self._next_poll = None
        self._poll()
        if self._deadlines:
            self._schedule_poll()

    def _poll_if_due(self) -> None:
        # The loop's timers have a resolution of 1 ms and fire up to 1 ms late; under load a request polls first.
        if time.monotonic() - self._polled_at >= _POLL_INTERVAL_SECONDS:
            self._poll()

    def _poll(self) -> None:
        self._polled_at = time.monotonic()
        self._last_was_acknowledged = False
        self._producer.poll()
        if self._last_was_acknowledged:
            self._producer.record_delivery()

    def poll_and_expire(self) -> None:
        """Run due delivery callbacks, and end the wait for overdue deliveries, whose outcome is unknown."""
        self._poll()
        now = self._loop.time()
        overdue = [batch for batch, deadline in self._deadlines.items() if deadline <= now]
        for batch in overdue:
            del self._deadlines[batch]
            batch.finish()

    async def probe(self) -> None:
        """Update Kafka's status, and replace the producer if it has lost Kafka."""
        await self._producer.probe()

    async def close(self) -> None:
        """Wait for pending deliveries, at most for the delivery timeout."""
        if self._deadlines:
            await asyncio.wait([batch.done for batch in self._deadlines], timeout=DELIVERY_TIMEOUT_SECONDS + 1)
