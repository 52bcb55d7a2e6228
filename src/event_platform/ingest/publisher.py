"""Publishing to Kafka: hands events to the producer and tells each one's outcome, within the delivery timeout.

confluent-kafka's plain producer, because its asyncio one carries no headers. One thread polls it and hands all finished
deliveries of a poll to the event loop in a single call.
"""

import asyncio
import threading
from collections.abc import Sequence
from functools import partial
from typing import Any, Final

import msgspec
from confluent_kafka import KafkaError, KafkaException, Producer

from event_platform.core.errors import UnavailableError
from event_platform.core.telemetry import get_logger
from event_platform.ingest.standing import Standing
from event_platform.ingest.tally import Tally

DELIVERY_TIMEOUT_SECONDS: Final = 5.0
_POLL_SECONDS: Final = 0.1
_PROBE_SECONDS: Final = 2.0
_DISTRUST_SECONDS: Final = 10.0
"""For so long after a failed delivery Kafka counts as down, even if it answers."""

_CERTAINLY_NOT_PUBLISHED: Final = frozenset({KafkaError._PURGE_QUEUE, KafkaError.MSG_SIZE_TOO_LARGE})  # noqa: SLF001 - librdkafka's local codes are named so

log = get_logger(__name__)

Headers = list[tuple[str, str | bytes | None]]
Outcome = KafkaError | None


class NotPublishedError(UnavailableError):
    """The event is certainly not in Kafka."""


class PublicationUnknownError(UnavailableError):
    """The event may be in Kafka, now or later."""


class Record(msgspec.Struct, frozen=True):
    """A message of ``events.raw``."""

    key: bytes
    value: bytes
    headers: Headers | None = None


class Publisher:
    """Publishes to one topic; after a fatal error it goes on with a new producer.

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
        self._waiting: dict[asyncio.Future[Outcome], float] = {}
        self._finished: list[tuple[asyncio.Future[Outcome], Outcome]] = []
        self._failed_at = -_DISTRUST_SECONDS
        self._closing = False
        self._retired: list[Producer] = []
        self._producer = self._new_producer()
        self._thread = threading.Thread(target=self._poll, name="kafka deliveries", daemon=True)
        self._thread.start()

    @property
    def queued(self) -> int:
        """Events whose outcome is not known yet."""
        return len(self._waiting)

    async def publish(self, record: Record) -> None:
        """Return when Kafka has acknowledged ``record``.

        Raises:
            NotPublishedError: It is certainly not in Kafka: the queue is full, or Kafka never takes such a record.
            PublicationUnknownError: It was not acknowledged in time, or the producer failed meanwhile.
        """
        started = self._loop.time()
        error = await self._hand_over(record, started)
        self._tally.kafka_seconds(self._loop.time() - started)
        if error is not None:
            raise _failure(error)

    async def publish_all(self, records: Sequence[Record]) -> list[UnavailableError | None]:
        """Publish many and wait once for all; what `publish` would raise for each, None where it is acknowledged."""
        started = self._loop.time()
        outcomes: list[asyncio.Future[Outcome] | NotPublishedError] = []
        for record in records:
            try:
                outcomes.append(self._hand_over(record, started))
            except NotPublishedError as error:
                outcomes.append(error)
        waiting = [outcome for outcome in outcomes if isinstance(outcome, asyncio.Future)]
        if waiting:
            await asyncio.wait(waiting)
            self._tally.kafka_seconds(self._loop.time() - started)
        return [_known(outcome) for outcome in outcomes]

    def _hand_over(self, record: Record, now: float) -> "asyncio.Future[Outcome]":
        future: asyncio.Future[Outcome] = self._loop.create_future()
        try:
            self._producer.produce(
                self._topic,
                record.value,
                record.key,
                headers=record.headers,
                on_delivery=partial(self._delivered, future),
            )
        except BufferError as error:
            raise NotPublishedError("publishing an event: too many wait for Kafka") from error
        except KafkaException as error:
            self._note(error.args[0])
            raise NotPublishedError(f"publishing an event: {error.args[0].str()}") from error
        self._waiting[future] = now + DELIVERY_TIMEOUT_SECONDS
        return future

    def _delivered(self, future: "asyncio.Future[Outcome]", error: Outcome, _message: object) -> None:
        self._finished.append((future, error))

    def _poll(self) -> None:
        """The thread: serves delivery reports until closing."""
        while not self._closing or self._waiting:
            self._producer.poll(_POLL_SECONDS)
            self._clear_retired()
            finished, self._finished = self._finished, []
            if finished:
                self._loop.call_soon_threadsafe(self._tell, finished)

    def _tell(self, finished: "list[tuple[asyncio.Future[Outcome], Outcome]]") -> None:
        for future, error in finished:
            self._waiting.pop(future, None)
            if not future.done():
                future.set_result(error)
            if error is not None:
                self._note(error)
        if finished[-1][1] is None:
            self._standing.rise()

    def _note(self, error: KafkaError) -> None:
        if error.code() in _CERTAINLY_NOT_PUBLISHED:
            return
        self._failed_at = self._loop.time()
        self._standing.fall(f"Kafka did not take an event: {error.str()}")
        if error.fatal() or error.code() == KafkaError._FATAL:  # noqa: SLF001 - librdkafka's local codes are named so
            self._replace(self._producer, error)

    def _new_producer(self) -> Producer:
        made: list[Producer] = []

        def on_error(error: KafkaError) -> None:
            if error.fatal() and made:
                self._loop.call_soon_threadsafe(self._replace, made[0], error)

        made.append(Producer({**self._config, "error_cb": on_error}))
        return made[0]

    def _replace(self, failed: Producer, error: KafkaError) -> None:
        """Go on with a new producer after a fatal error; each producer is replaced once."""
        if failed is not self._producer:
            return
        log.warning("the Kafka producer failed for good and is replaced", error=error.str())
        self._failed_at = self._loop.time()
        self._standing.fall(f"the Kafka producer failed: {error.str()}")
        self._retired.append(failed)
        self._producer = self._new_producer()

    def _clear_retired(self) -> None:
        while self._retired:
            failed = self._retired.pop()
            failed.purge()
            failed.flush(0)

    def expire(self) -> None:
        """End the wait for overdue deliveries of which librdkafka has said nothing; their outcome is unknown."""
        now = self._loop.time()
        overdue = []
        for future, deadline in self._waiting.items():
            if deadline > now:
                break
            overdue.append(future)
        for future in overdue:
            del self._waiting[future]
            if not future.done():
                future.set_result(KafkaError(KafkaError._MSG_TIMED_OUT))  # noqa: SLF001 - librdkafka's local codes are named so

    async def probe(self) -> None:
        """Ask Kafka for the topic, so that its standing is known without traffic too."""
        try:
            found = await asyncio.to_thread(self._producer.list_topics, self._topic, timeout=_PROBE_SECONDS)
        except KafkaException as error:
            self._standing.fall(f"Kafka does not answer: {error.args[0].str()}")
            return
        missing = found.topics[self._topic].error
        if missing is not None:
            self._standing.fall(f"topic {self._topic}: {missing.str()}")
        elif self._loop.time() - self._failed_at >= _DISTRUST_SECONDS:
            self._standing.rise()

    async def close(self) -> None:
        """Wait for what is in flight, at most for the delivery timeout, and end the thread."""
        self._closing = True
        await asyncio.to_thread(self._thread.join, DELIVERY_TIMEOUT_SECONDS + 1)


def _failure(error: KafkaError) -> UnavailableError:
    if error.code() in _CERTAINLY_NOT_PUBLISHED:
        return NotPublishedError(f"publishing an event: {error.str()}")
    return PublicationUnknownError(f"publishing an event: {error.str()}")


def _known(outcome: "asyncio.Future[Outcome] | NotPublishedError") -> UnavailableError | None:
    if isinstance(outcome, NotPublishedError):
        return outcome
    error = outcome.result()
    return None if error is None else _failure(error)
