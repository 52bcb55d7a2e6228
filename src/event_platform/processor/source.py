"""The raw topic as batches of records, each read from where Postgres says that its partition goes on."""

from dataclasses import dataclass
from operator import methodcaller
from typing import Final

from confluent_kafka import Consumer, KafkaError, KafkaException, Message, TopicPartition

from event_platform.core.lasting_client import finds_brokers
from event_platform.core.settings import Settings
from event_platform.core.telemetry import get_logger
from event_platform.processor import consumer
from event_platform.processor.batch import Headers, Record, Span, Taken
from event_platform.processor.offsets import Offsets
from event_platform.processor.steps import NoteStep

MAX_RECORDS: Final = 5_000
ASK_SECONDS: Final = 1.0

_FATAL: Final = (KafkaError._FATAL, KafkaError.FENCED_INSTANCE_ID)  # noqa: SLF001 - its public name
_OFFSET_LOST: Final = (KafkaError._AUTO_OFFSET_RESET, KafkaError.OFFSET_OUT_OF_RANGE)  # noqa: SLF001 - its public name

# Called directly, once the interpreter has specialized the call, its failure would come out somewhere later.
_read_headers: Final = methodcaller("headers")

log = get_logger(__name__)


class FencedInstanceError(Exception):
    """Another process joined the group under our name; only a person can tell which of the two is meant."""


@dataclass
class Position:
    """Where a partition is read next; the epoch changes whenever it is placed anew."""

    next_offset: int
    epoch: int


class Source:
    """The consumer and the positions of its partitions; for one thread, but `is_current` may be asked by any."""

    def __init__(self, settings: Settings, instance_id: str, note: NoteStep) -> None:
        """Read the raw topic as the group's member ``instance_id``; connects by itself when Kafka is there.

        ``note`` is told how long Kafka took to take note of offsets.
        """
        self._offsets = Offsets(settings.topic_raw, note)
        callbacks = {"error_cb": self._note_client_error, "on_commit": self._offsets.answer}
        self._consumer = Consumer({**consumer.config(settings, instance_id), **callbacks})
        self._topic = settings.topic_raw
        self._fatal: KafkaError | None = None
        self._positions: dict[int, Position] = {}
        self._epoch = 0
        self.is_paused = False
        self._early: list[Message] = []
        self.topic_id = ""
        self.assigned: set[int] = set()
        self.is_member = False

    def join(self) -> None:
        """Become a member of the group."""
        self._consumer.subscribe(
            [self._topic], on_assign=self._take_over, on_revoke=self._give_up, on_lost=self._give_up
        )

    def _take_over(self, member: Consumer, partitions: list[TopicPartition]) -> None:
        # Nothing is fetched before Postgres has said from where: then `place` assigns.
        self._let_go(set(self._positions))
        member.assign([])
        self.assigned = {partition.partition for partition in partitions}
        self.is_member = True

    def _give_up(self, member: Consumer, _partitions: list[TopicPartition]) -> None:
        self.assigned = set()
        self._let_go(set(self._positions))
        member.unassign()

    def unplaced(self) -> set[int]:
        """Partitions of ours whose offset has to be looked up."""
        return self.assigned - self._positions.keys()

    def place(self, topic_id: str, offsets: dict[int, int]) -> None:
        """Read the partitions in ``offsets`` from there on, and the others from where they are."""
        self.topic_id = topic_id
        self._epoch += 1
        for partition, offset in offsets.items():
            if partition in self.assigned:
                self._positions[partition] = Position(offset, self._epoch)
                self._offsets.start_at(partition, offset)
        self._assign()

    def displace(self, partitions: set[int]) -> None:
        """Read these no further; their offsets have to be looked up again."""
        if partitions & self._positions.keys():
            self._let_go(partitions & self._positions.keys())
            self._assign()

    def _let_go(self, partitions: set[int]) -> None:
        for partition in partitions:
            del self._positions[partition]
        self._early = [message for message in self._early if message.partition() not in partitions]
        if self.is_paused and partitions:
            # To the client a pause outlasts the assignment: they would come back paused, and nobody would resume them.
            self._consumer.resume([TopicPartition(self._topic, partition) for partition in partitions])

    def _assign(self) -> None:
        placed = [TopicPartition(self._topic, p, position.next_offset) for p, position in self._positions.items()]
        self._consumer.assign(placed)
        if self.is_paused:
            self._consumer.pause(placed)

    def is_current(self, partition: int, span: Span) -> bool:
        """Whether the partition is still ours, and was not placed anew since the span was read."""
        position = self._positions.get(partition)
        return position is not None and position.epoch == span.epoch

    def pause(self) -> None:
        """Fetch nothing more, but stay a member."""
        if not self.is_paused:
            self.is_paused = True
            self._consumer.pause([TopicPartition(self._topic, partition) for partition in self._positions])

    def serve_paused(self) -> None:
        """Stay a member while nothing more can be taken; what slips through is kept for `take`."""
        self.pause()
        message = self._consumer.poll(0)
        if message is not None:
            self._early.append(message)

    def resume(self) -> None:
        """Fetch again."""
        if self.is_paused:
            self.is_paused = False
            self._consumer.resume([TopicPartition(self._topic, partition) for partition in self._positions])

    def take(self, timeout_seconds: float) -> Taken | None:
        """The records that are here, or else the first that comes; None after the timeout.

        It never waits for a batch to fill. Joining, leaving and rebalancing happen inside this call.

        Raises:
            FencedInstanceError: Another process has our name.
            KafkaException: Something that only a person can mend.
        """
        self._raise_fatal()
        self._offsets.send(self._consumer, self._positions)
        messages, self._early = self._early, []
        first = self._consumer.poll(0 if messages else timeout_seconds)
        if first is not None:
            messages += [first, *self._consumer.consume(MAX_RECORDS - 1, 0)]
        for message in messages:
            if (error := message.error()) is not None:
                self._note(error, message.partition())
        return self._taken([message for message in messages if message.error() is None])

    def _taken(self, messages: list[Message]) -> Taken | None:
        records: list[Record] = []
        starts: dict[int, Position] = {}
        for message in messages:
            record = _record(message)
            position = self._positions.get(record.partition)
            # What was still on its way from before a rebalance does not start where the partition does now.
            if position is None or record.offset < position.next_offset:
                continue
            if record.partition not in starts:
                starts[record.partition] = Position(position.next_offset, position.epoch)
            position.next_offset = record.offset + 1
            records.append(record)
        spans = {p: Span(s.next_offset, self._positions[p].next_offset, s.epoch) for p, s in starts.items()}
        return Taken(self.topic_id, tuple(records), spans) if records else None

    def _note_client_error(self, error: KafkaError) -> None:
        # Lost connections come here as well, and are mended by the client itself.
        if error.fatal() or error.code() in _FATAL:
            self._fatal = error

    def _raise_fatal(self) -> None:
        if self._fatal is None:
            return
        if "fenced" in self._fatal.str().lower() or self._fatal.code() == KafkaError.FENCED_INSTANCE_ID:
            raise FencedInstanceError
        raise KafkaException(self._fatal)

    def _note(self, error: KafkaError, partition: int | None) -> None:
        self._note_client_error(error)
        if error.code() in _OFFSET_LOST and partition is not None:
            self.displace({partition})
        log.warning("kafka says", error=error.str(), partition=partition)

    def finds_brokers(self) -> bool:
        """Whether Kafka answers the consumer; waits for a second at most, as the main loop has more to do."""
        return finds_brokers(self._consumer, self._topic, ASK_SECONDS)

    def commit(self, offsets: dict[int, int]) -> None:
        """Have Kafka told how far we are; any thread may ask for it."""
        self._offsets.ask_for(offsets)

    def standing(self) -> dict[int, int]:
        """Where each partition is read next."""
        return {partition: position.next_offset for partition, position in self._positions.items()}

    def partitions(self) -> tuple[int, ...]:
        """Those that are read."""
        return tuple(sorted(self._positions))

    def lag(self) -> dict[int, int]:
        """Messages behind each partition's end, as the last fetch saw it."""
        lag = {}
        for partition, position in tuple(self._positions.items()):
            _, high = self._consumer.get_watermark_offsets(TopicPartition(self._topic, partition), cached=True)
            if high >= 0:
                lag[partition] = max(0, high - position.next_offset)
        return lag

    def close(self) -> None:
        """Leave without telling the group, so that the same name finds its partitions waiting."""
        self._offsets.send(self._consumer, self._positions)
        self._consumer.close()


def _record(message: Message) -> Record:
    partition, offset = message.partition(), message.offset()
    assert partition is not None and offset is not None  # noqa: PT018, S101 - a message that came from a topic has both
    _, timestamp_ms = message.timestamp()
    timestamp = timestamp_ms if timestamp_ms > 0 else None
    return Record(partition, offset, message.value(), message.key(), _headers(message), timestamp)


def _headers(message: Message) -> Headers:
    """The message's headers; none where a name among them is not UTF-8, which no broker refuses."""
    try:
        headers = _read_headers(message)
    except (SystemError, UnicodeDecodeError):
        # The client cannot make such a name text, and fails by a SystemError. An event needs no headers.
        log.warning("unreadable headers are left out", partition=message.partition(), offset=message.offset())
        return ()
    return tuple(headers) if headers else ()
