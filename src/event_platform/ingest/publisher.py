"""Publishing to Kafka: hands events to the producer and tells each one's outcome, within the delivery timeout.

confluent-kafka's plain producer, because its asyncio one carries no headers. It is polled from the event loop, every
millisecond while something is on its way: confluent-kafka takes and drops the interpreter's lock for each delivery, so
a thread of its own would wait for the busy loop once for each event.
"""

import asyncio
import time
from collections.abc import Sequence
from contextlib import suppress
from functools import partial
from typing import Any, Final

from confluent_kafka import KafkaError, KafkaException, Producer
from confluent_kafka.admin import ClusterMetadata

from event_platform.core.connections.replaceable_client import find_replacement
from event_platform.core.errors import UnavailableError
from event_platform.core.telemetry import get_logger
from event_platform.ingest.publication import CERTAINLY_NOT_PUBLISHED, NotPublishedError, Record, Sending, failure_of
from event_platform.ingest.standing import Standing
from event_platform.ingest.tally import Tally

DELIVERY_TIMEOUT_SECONDS: Final = 5.0
PATIENCE_SECONDS: Final = 4.5
"""How long a request waits for its delivery. With a second for Redis before it, and what `Publisher.look` is late,
every answer comes within 6 s; what Kafka takes after that is an unknown outcome like any other."""
_POLL_EVERY_SECONDS: Final = 0.001
_RETIRE_SECONDS: Final = 0.05
_PROBE_SECONDS: Final = 2.0
_DISTRUST_SECONDS: Final = 10.0
"""For so long after a failed delivery Kafka counts as down, even if it answers."""

log = get_logger(__name__)


class Publisher:
    """Publishes to one topic; after a fatal error, and when its producer is lost, it goes on with a new one.

    Args:
        topic: Which.
        config: librdkafka's configuration.
        standing: Told when Kafka takes events, and when it does not.
        tally: Counts the time that Kafka takes.
    """

    def __init__(self, topic: str, config: dict[str, Any], standing: Standing, tally: Tally) -> None:
        self._topic = topic
        self._config = config
        self._standing = standing
        self._tally = tally
        self._loop = asyncio.get_running_loop()
        self._waiting: dict[Sending, float] = {}
        self._next_poll: asyncio.TimerHandle | None = None
        self._polled_at = 0.0
        self._last_was_taken = False
        self._failed_at = -_DISTRUST_SECONDS
        self._retiring: set[asyncio.Task[None]] = set()
        self._producer = Producer(config)

    @property
    def queued(self) -> int:
        """Events whose outcome is not known yet."""
        return sum(sending.left for sending in self._waiting)

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
        """Publish many and wait once for all; what `publish` would raise for each, None where it is acknowledged."""
        if not records:
            return []
        started = self._loop.time()
        sending = Sending(len(records), self._loop.create_future())
        for place, record in enumerate(records):
            self._hand_over(record, sending, place)
        self._poll_if_due()
        if sending.left:
            self._waiting[sending] = started + PATIENCE_SECONDS
            self._poll_soon()
            await sending.done
        self._tally.kafka_seconds(self._loop.time() - started)
        return [None if outcome is None else failure_of(outcome) for outcome in sending.outcomes]

    def _hand_over(self, record: Record, sending: Sending, place: int) -> None:
        try:
            self._producer.produce(
                self._topic,
                record.value,
                record.key,
                headers=record.headers,
                on_delivery=partial(self._delivered, sending, place),
            )
        except BufferError:
            sending.settle(place, NotPublishedError("publishing an event: too many wait for Kafka"))
        except KafkaException as error:
            self._note(error.args[0])
            sending.settle(place, NotPublishedError(f"publishing an event: {error.args[0].str()}"))

    def _delivered(self, sending: Sending, place: int, error: KafkaError | None, _message: object) -> None:
        sending.settle(place, error)
        if not sending.left:
            self._waiting.pop(sending, None)
        self._last_was_taken = error is None
        if error is not None:
            self._note(error)

    def _poll_soon(self) -> None:
        if self._next_poll is None:
            self._next_poll = self._loop.call_later(_POLL_EVERY_SECONDS, self._poll_again)

    def _poll_again(self) -> None:
        self._next_poll = None
        self._poll()
        if self._waiting:
            self._poll_soon()

    def _poll_if_due(self) -> None:
        # The loop counts whole milliseconds and comes up to one late; under load somebody is always here in time.
        if time.monotonic() - self._polled_at >= _POLL_EVERY_SECONDS:
            self._poll()

    def _poll(self) -> None:
        self._polled_at = time.monotonic()
        self._last_was_taken = False
        producer = self._producer
        try:
            producer.poll(0)
        except KafkaException as error:
            # confluent-kafka raises what is fatal here; `error_cb` never hears of it.
            self._replace(producer, error.args[0])
        if self._last_was_taken:
            self._standing.rise()

    def _note(self, error: KafkaError) -> None:
        if error.code() in CERTAINLY_NOT_PUBLISHED:
            return
        self._failed_at = self._loop.time()
        self._standing.fall(f"Kafka did not take an event: {error.str()}")
        if error.fatal() or error.code() == KafkaError._FATAL:  # noqa: SLF001 - librdkafka's local codes are named so
            self._loop.call_soon(self._replace, self._producer, error)

    def _replace(self, failed: Producer, error: KafkaError) -> None:
        """Go on with a new producer after a fatal error; each producer is replaced once."""
        if failed is not self._producer:
            return
        log.warning("the Kafka producer failed for good and is replaced", error=error.str())
        self._failed_at = self._loop.time()
        self._standing.fall(f"the Kafka producer failed: {error.str()}")
        self._go_on_with(Producer(self._config))

    def _go_on_with(self, new: Producer) -> None:
        failed, self._producer = self._producer, new
        retiring = self._loop.create_task(_retire(failed))
        self._retiring.add(retiring)
        retiring.add_done_callback(self._retiring.discard)

    def look(self) -> None:
        """Hear what the producer has to say, and end the wait for overdue deliveries, whose outcome is unknown."""
        self._poll()
        now = self._loop.time()
        overdue = [sending for sending, deadline in self._waiting.items() if deadline <= now]
        for sending in overdue:
            del self._waiting[sending]
            sending.finish()

    async def probe(self) -> None:
        """Ask Kafka for the topic, so that its standing, and a lost producer, are known without traffic too."""
        producer = self._producer
        try:
            found = await asyncio.to_thread(producer.list_topics, self._topic, timeout=_PROBE_SECONDS)
        except KafkaException as error:
            self._standing.fall(f"Kafka does not answer: {error.args[0].str()}")
            await self._replace_if_lost(producer)
        else:
            self._judge(found)

    def _judge(self, found: ClusterMetadata) -> None:
        missing = found.topics[self._topic].error
        if not found.brokers:
            # Said by one that stops or wakes, and then often heard for the last time (`core.lasting_client`).
            self._standing.fall("Kafka says that it has no broker")
        elif missing is not None:
            self._standing.fall(f"topic {self._topic}: {missing.str()}")
        elif self._loop.time() - self._failed_at >= _DISTRUST_SECONDS:
            self._standing.rise()

    async def _replace_if_lost(self, producer: Producer) -> None:
        new = await asyncio.to_thread(find_replacement, producer, partial(Producer, self._config), self._topic)
        if new is not None and producer is self._producer:
            log.warning("the producer finds no Kafka broker, which a new one does; it is replaced")
            self._go_on_with(new)

    async def close(self) -> None:
        """Wait for what is in flight, at most for the delivery timeout."""
        if self._waiting:
            await asyncio.wait([sending.done for sending in self._waiting], timeout=DELIVERY_TIMEOUT_SECONDS + 1)


async def _retire(failed: Producer) -> None:
    """End a producer, whose threads may keep us waiting; what it had not sent is told as purged."""
    await asyncio.to_thread(failed.purge)
    while len(failed):
        with suppress(KafkaException):
            failed.poll(0)
        await asyncio.sleep(_RETIRE_SECONDS)
    await asyncio.to_thread(failed.close)
