"""Publishes dead letters from ``dlq_events`` to their topic: at least once, and nothing waits for it.

The transaction that stores a batch fills the table (`storage.dead_letters`).
"""

import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

import msgspec
from confluent_kafka import KafkaError, KafkaException, Message, Producer

from event_platform.core import record_value_encoding
from event_platform.core.connections import kafka
from event_platform.core.connections.postgres import Connection
from event_platform.core.connections.replaceable_client import ReplaceableClient
from event_platform.core.envelope import format_timestamp
from event_platform.core.errors import UnavailableError
from event_platform.core.settings.model import Settings
from event_platform.core.telemetry import get_logger
from event_platform.processor.monitoring.health import Health
from event_platform.processor.monitoring.timings import RecordStep, Step, Stopwatch, ignore_step
from event_platform.processor.outages.dependency_status import DEAD_LETTER_TOPIC, POSTGRES
from event_platform.processor.outages.retry import Retrier, StoppedError
from event_platform.processor.storage.connection import Database
from event_platform.processor.storage.dead_letters import decode_headers

MAX_ROUND_MESSAGES: Final = 500
MAX_ROUND_BYTES: Final = 4_194_304
MAX_MESSAGE_BYTES: Final = 100_000_000
"""What a broker accepts in one request by default."""
DELIVERY_TIMEOUT_SECONDS: Final = 10
CHECK_INTERVAL_SECONDS: Final = 5.0
"""How long dead letters of a worker that died wait at most."""

# The running sum keeps a round within MAX_ROUND_BYTES, but lets a larger dead letter through alone.
_SELECT_ROUND: Final = """
WITH waiting AS (
    SELECT id, coalesce(octet_length(original_bytes), 0) AS bytes FROM dlq_events
    WHERE published_at IS NULL AND id <> ALL(%s) ORDER BY id LIMIT %s FOR UPDATE SKIP LOCKED
), fitting AS (
    SELECT id FROM (SELECT id, bytes, sum(bytes) OVER (ORDER BY id) AS total FROM waiting) w
    WHERE total <= %s OR total = bytes
)
SELECT id, failed_at, reason, code, source_topic, source_topic_id, source_partition, source_offset, source_leader_epoch,
    record_key, headers, original_bytes
FROM dlq_events JOIN fitting USING (id) ORDER BY id
"""

_SOURCE_HEADERS: Final = (
    "source-topic",
    "source-topic-id",
    "source-partition",
    "source-offset",
    "source-leader-epoch",
    "code",
)
"""All but the code identify a dead letter, so that a reader recognises a repeat."""

_COUNT: Final = "SELECT count(*) FROM (SELECT FROM dlq_events WHERE published_at IS NULL LIMIT 10000) unpublished"

log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class DeadLetterMessage:
    """A dead letter as a message of its topic."""

    id: int
    """Of its row in the outbox."""
    key: bytes | None
    value: bytes
    headers: list[tuple[str, str | bytes | None]]


def producer_config(settings: Settings) -> dict[str, Any]:
    """Configuration of the producer of dead letters."""
    return {
        **kafka.client_config(settings, "event-platform-dead-letters"),
        # Not idempotent: a repeat is allowed here, and no error is fatal to such a producer.
        "acks": "all",
        "delivery.timeout.ms": DELIVERY_TIMEOUT_SECONDS * 1_000,
        "linger.ms": 5,
        # Only the topic limits the size, so that raising its limit is all that a person has to do.
        "message.max.bytes": MAX_MESSAGE_BYTES,
        "allow.auto.create.topics": False,
    }


def message_from_row(row: Sequence[Any]) -> DeadLetterMessage:
    """Make the message of a row of the outbox: the original spliced in, its headers, and headers naming its source."""
    row_id, failed_at, reason, code, *source, key, headers, value = row
    rendered = record_value_encoding.embed(value)
    body = b'{"failed_at":%b,"reason":%b,"original":%b,"original_encoding":"%b"}' % (
        msgspec.json.encode(format_timestamp(failed_at)),
        msgspec.json.encode(reason),
        rendered.text,
        rendered.encoding.encode(),
    )
    ours = [(name, str(text).encode()) for name, text in zip(_SOURCE_HEADERS, [*source, code], strict=True)]
    return DeadLetterMessage(row_id, key, body, [*decode_headers(headers), *ours])


class Outbox:
    """Publishes unpublished dead letters in a thread, when woken and every few seconds."""

    def __init__(
        self,
        settings: Settings,
        database: Database,
        retrier: Retrier,
        health: Health,
        record_step: RecordStep = ignore_step,
    ) -> None:
        """Publish over connections of its own; ``record_step`` is called with the seconds of each round."""
        self._record_step = record_step
        self._topic = settings.topic_dlq
        self._producer = ReplaceableClient(partial(Producer, producer_config(settings)), settings.topic_dlq)
        self._database = database
        self._retrier = retrier
        self._health = health
        self._woken = threading.Event()
        self._too_large: set[int] = set()
        """Ids of dead letters that are not tried again until `_retry_too_large`."""
        self._logged_too_large: set[int] = set()
        self._retried_at = time.monotonic()

    def wake(self) -> None:
        """Publish now; there may be new dead letters."""
        self._woken.set()

    def run(self) -> None:
        """Publish until the process ends."""
        try:
            while True:
                self._retrier.run(self._publish_all, "publishing dead letters", (DEAD_LETTER_TOPIC, POSTGRES))
                self._woken.wait(CHECK_INTERVAL_SECONDS)
                self._woken.clear()
                self._retry_too_large()
        except StoppedError:
            return

    def _retry_too_large(self) -> None:
        """Try again, now and then, what the topic refused for its size: its limit may have been raised."""
        if time.monotonic() - self._retried_at >= CHECK_INTERVAL_SECONDS:
            self._retried_at = time.monotonic()
            self._logged_too_large, self._too_large = self._too_large, set()

    def _publish_all(self) -> None:
        connection = self._database.connection()
        try:
            while self._publish_round(connection):
                connection = self._database.connection()
        except UnavailableError:
            self._producer.replace_if_lost()
            raise
        finally:
            self._health.set_unpublished(_count_unpublished(connection))

    def _publish_round(self, connection: Connection) -> int:
        """Publish some dead letters and mark them as published; returns how many there were to publish."""
        stopwatch = Stopwatch(self._record_step)
        with connection.transaction():
            parameters = [sorted(self._too_large), MAX_ROUND_MESSAGES, MAX_ROUND_BYTES]
            rows = connection.execute(_SELECT_ROUND, parameters).fetchall()
            published = self._publish([message_from_row(row) for row in rows])
            connection.execute("UPDATE dlq_events SET published_at = now() WHERE id = ANY(%s)", [published])
        if rows and not published and not self._too_large.intersection(row[0] for row in rows):
            raise UnavailableError(f"topic {self._topic} does not acknowledge dead letters")
        if rows:
            stopwatch.record(Step.PUBLISH)
        return len(rows)

    def _publish(self, messages: list[DeadLetterMessage]) -> list[int]:
        """Publish ``messages``, and return the ids of those that Kafka acknowledged."""
        errors = self._deliver(messages)
        too_large = [message for message in messages if _is_too_large(errors.get(message.id))]
        if len(too_large) > 1:
            # A broker refuses whole batches, so one that is too large takes others with it.
            for message in too_large:
                errors |= self._deliver([message])
        for row_id, error in errors.items():
            if _is_too_large(error):
                self._set_aside(row_id)
        return [row_id for row_id, error in errors.items() if error is None]

    def _deliver(self, messages: list[DeadLetterMessage]) -> dict[int, KafkaError | None]:
        """The error of each message by id, None if acknowledged; a message of unknown fate is missing."""
        errors: dict[int, KafkaError | None] = {}
        for message in messages:
            self._produce(message, errors)
        self._producer.current.flush(DELIVERY_TIMEOUT_SECONDS + 1)
        return errors

    def _produce(self, message: DeadLetterMessage, errors: dict[int, KafkaError | None]) -> None:
        def record(error: KafkaError | None, _delivered: Message) -> None:
            errors[message.id] = error

        try:
            self._producer.current.produce(
                self._topic, message.value, message.key, headers=message.headers, on_delivery=record
            )
        except KafkaException as error:
            errors[message.id] = error.args[0]
        except BufferError:
            # The producer's queue is full; the message stays in the table for the next round.
            self._producer.current.poll(0.1)

    def _set_aside(self, row_id: int) -> None:
        """Leave a dead letter that is too large for its topic in the table, and log it once."""
        if row_id not in self._logged_too_large:
            log.error(
                "dead letter too large for its topic; it is published once the topic's max.message.bytes is raised",
                id=row_id,
                topic=self._topic,
            )
        self._too_large.add(row_id)


def _is_too_large(error: KafkaError | None) -> bool:
    return error is not None and error.code() == KafkaError.MSG_SIZE_TOO_LARGE


def _count_unpublished(connection: Connection) -> int:
    if connection.closed:
        return 0
    row = connection.execute(_COUNT).fetchone()
    return int(row[0]) if row else 0
