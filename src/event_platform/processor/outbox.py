"""Brings dead letters from their table to their topic: at least once, and without anything waiting for it."""

import threading
import time
from collections.abc import Sequence
from functools import partial
from typing import Any, Final

import msgspec
from confluent_kafka import KafkaError, KafkaException, Message, Producer

from event_platform.core import embedded_value
from event_platform.core.connections import kafka
from event_platform.core.connections.postgres import Connection
from event_platform.core.connections.replaceable_client import ReplaceableClient
from event_platform.core.envelope import format_timestamp
from event_platform.core.errors import UnavailableError
from event_platform.core.settings.declaration import Settings
from event_platform.core.telemetry import get_logger
from event_platform.processor.monitoring.dependency_status import DEAD_LETTER_TOPIC, POSTGRES
from event_platform.processor.monitoring.health import Health
from event_platform.processor.monitoring.retry import Retrier, StoppedError
from event_platform.processor.monitoring.timings import RecordStep, Step, Stopwatch, ignore_step
from event_platform.processor.storage.connection import Database
from event_platform.processor.storage.dead_letters import decode_headers

MAX_LETTERS: Final = 500
MAX_BYTES: Final = 4_194_304
MAX_MESSAGE_BYTES: Final = 100_000_000
"""What a broker takes in one request, as it is usually set."""
DELIVERY_TIMEOUT_SECONDS: Final = 10
CHECK_INTERVAL_SECONDS: Final = 5.0
"""Dead letters of workers that died wait for so long at most."""

# The running sum keeps one round within MAX_BYTES, but lets a single larger letter through.
_CLAIM: Final = """
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
"""By all of these but the code a reader knows a repeat."""

_COUNT: Final = "SELECT count(*) FROM (SELECT FROM dlq_events WHERE published_at IS NULL LIMIT 10000) unpublished"

log = get_logger(__name__)


class Letter(msgspec.Struct, frozen=True):
    """A dead letter as its topic carries it."""

    id: int
    key: bytes | None
    value: bytes
    headers: list[tuple[str, str | bytes | None]]


def producer_config(settings: Settings) -> dict[str, Any]:
    """Of the producer of dead letters."""
    return {
        **kafka.client_config(settings, "event-platform-dead-letters"),
        # Not idempotent: a repeat is allowed here, and so no error is ever fatal to the producer.
        "acks": "all",
        "delivery.timeout.ms": DELIVERY_TIMEOUT_SECONDS * 1_000,
        "linger.ms": 5,
        # Only the topic limits what is published, so that raising its limit is all that a person has to do.
        "message.max.bytes": MAX_MESSAGE_BYTES,
        "allow.auto.create.topics": False,
    }


def letter_of(row: Sequence[Any]) -> Letter:
    """The message of a row of the outbox: the original spliced in, its headers kept, and ours that name its source."""
    number, failed_at, reason, code, *source, key, headers, value = row
    rendered = embedded_value.embed(value)
    body = b'{"failed_at":%b,"reason":%b,"original":%b,"original_encoding":"%b"}' % (
        msgspec.json.encode(format_timestamp(failed_at)),
        msgspec.json.encode(reason),
        rendered.text,
        rendered.encoding.encode(),
    )
    ours = [(name, str(text).encode()) for name, text in zip(_SOURCE_HEADERS, [*source, code], strict=True)]
    return Letter(number, key, body, [*decode_headers(headers), *ours])


class Outbox:
    """A thread that publishes what is unpublished, whenever it is woken and every few seconds."""

    def __init__(
        self, settings: Settings, database: Database, retrier: Retrier, health: Health, note: RecordStep = ignore_step
    ) -> None:
        """Publish over connections of its own; ``note`` is told how long each round took."""
        self._note = note
        self._topic = settings.topic_dlq
        self._producer = ReplaceableClient(partial(Producer, producer_config(settings)), settings.topic_dlq)
        self._database = database
        self._retrier = retrier
        self._health = health
        self._woken = threading.Event()
        self._refused: set[int] = set()
        self._refused_before: set[int] = set()
        self._offered_at = time.monotonic()

    def wake(self) -> None:
        """There may be something to publish."""
        self._woken.set()

    def run(self) -> None:
        """Until the process ends."""
        try:
            while True:
                self._retrier.run(self._empty, "publishing dead letters", (DEAD_LETTER_TOPIC, POSTGRES))
                self._woken.wait(CHECK_INTERVAL_SECONDS)
                self._woken.clear()
                self._offer_again()
        except StoppedError:
            return

    def _offer_again(self) -> None:
        """What the topic refused is offered again now and then: its limit may have been raised."""
        if time.monotonic() - self._offered_at >= CHECK_INTERVAL_SECONDS:
            self._offered_at = time.monotonic()
            self._refused_before, self._refused = self._refused, set()

    def _empty(self) -> None:
        connection = self._database.connection()
        try:
            while self._publish_some(connection):
                connection = self._database.connection()
        except UnavailableError:
            self._producer.replace_if_lost()
            raise
        finally:
            self._health.set_unpublished(_count_unpublished(connection))

    def _publish_some(self, connection: Connection) -> int:
        """Publish a round of letters and mark them, and say how many were there to be published."""
        stopwatch = Stopwatch(self._note)
        with connection.transaction():
            rows = connection.execute(_CLAIM, [sorted(self._refused), MAX_LETTERS, MAX_BYTES]).fetchall()
            published = self._publish([letter_of(row) for row in rows])
            connection.execute("UPDATE dlq_events SET published_at = now() WHERE id = ANY(%s)", [published])
        if rows and not published and not self._refused.intersection(row[0] for row in rows):
            raise UnavailableError(f"topic {self._topic} does not acknowledge dead letters")
        if rows:
            stopwatch.record(Step.PUBLISH)
        return len(rows)

    def _publish(self, letters: list[Letter]) -> list[int]:
        errors = self._deliver(letters)
        too_large = [letter for letter in letters if _is_too_large(errors.get(letter.id))]
        if len(too_large) > 1:
            # A broker refuses whole batches: one that is too large takes others with it.
            for letter in too_large:
                errors |= self._deliver([letter])
        for number, error in errors.items():
            if _is_too_large(error):
                self._refuse(number)
        return [number for number, error in errors.items() if error is None]

    def _deliver(self, letters: list[Letter]) -> dict[int, KafkaError | None]:
        """What became of each; of one that is in neither way known, nothing is said."""
        errors: dict[int, KafkaError | None] = {}
        for letter in letters:
            self._produce(letter, errors)
        self._producer.current.flush(DELIVERY_TIMEOUT_SECONDS + 1)
        return errors

    def _produce(self, letter: Letter, errors: dict[int, KafkaError | None]) -> None:
        def note(error: KafkaError | None, _message: Message) -> None:
            errors[letter.id] = error

        try:
            self._producer.current.produce(
                self._topic, letter.value, letter.key, headers=letter.headers, on_delivery=note
            )
        except KafkaException as error:
            errors[letter.id] = error.args[0]
        except BufferError:
            # It stays in the table, for the next round.
            self._producer.current.poll(0.1)

    def _refuse(self, number: int) -> None:
        if number not in self._refused_before:
            log.error(
                "a dead letter is larger than its topic takes; it stays in the table, and is published within seconds "
                "once the topic's max.message.bytes is raised",
                id=number,
                topic=self._topic,
            )
        self._refused.add(number)


def _is_too_large(error: KafkaError | None) -> bool:
    return error is not None and error.code() == KafkaError.MSG_SIZE_TOO_LARGE


def _count_unpublished(connection: Connection) -> int:
    if connection.closed:
        return 0
    row = connection.execute(_COUNT).fetchone()
    return int(row[0]) if row else 0
