"""The raw topic as batches of records, each read from where Postgres says that its partition goes on."""

import time
from collections.abc import Mapping
from itertools import accumulate
from typing import Final

from confluent_kafka import Consumer, KafkaError, KafkaException, Message, TopicPartition

from event_platform.core.connections.replaceable_client import finds_brokers
from event_platform.core.settings.declaration import Settings
from event_platform.core.telemetry import get_logger
from event_platform.processor.consumer.commits import Offsets
from event_platform.processor.consumer.config import config
from event_platform.processor.consumer.errors import ConsumerErrors
from event_platform.processor.consumer.messages import is_end, offset_of, partition_of, record_of
from event_platform.processor.consumer.partition_reader import Reading, Refusal, is_refusal
from event_platform.processor.monitoring.timings import NoteStep
from event_platform.processor.records import UNKNOWN_EPOCH, PolledRecords, Record, Span
from event_platform.processor.storage.offset_store import StoredOffset

MAX_RECORDS: Final = 5_000
MAX_BYTES: Final = 16_777_216
"""Of the values in a batch, but for a single larger one."""
ASK_SECONDS: Final = 1.0
CHECK_SECONDS: Final = 10.0
"""An assignment is in force sooner."""

log = get_logger(__name__)


class Source:
    """The consumer and the positions of its partitions; for one thread, but `is_current` may be asked by any."""

    def __init__(self, settings: Settings, instance_id: str, note: NoteStep) -> None:
        """Read the raw topic as the group's member ``instance_id``; connects by itself when Kafka is there.

        ``note`` is told how long Kafka took to take note of offsets.
        """
        self._offsets = Offsets(settings.topic_raw, note)
        self._errors = ConsumerErrors()
        callbacks = {"error_cb": self._errors.note_client_error, "on_commit": self._offsets.answer}
        self._consumer = Consumer({**config(settings, instance_id), **callbacks})
        self._topic = settings.topic_raw
        self._positions: dict[int, Reading] = {}
        self._refusals: dict[int, Refusal] = {}
        self._ends: dict[int, int] = {}
        self._epoch = 0
        self.is_paused = False
        self._early: list[tuple[int, Message]] = []
        self._unchecked: set[int] = set()
        self._unchecked_since, self._unchecked_why = 0.0, ""
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
        self._refusals.clear()
        member.assign([])
        self._errors.forget()
        self.assigned = {partition.partition for partition in partitions}
        self.is_member = True

    def _give_up(self, member: Consumer, _partitions: list[TopicPartition]) -> None:
        self.assigned = set()
        self._let_go(set(self._positions))
        self._refusals.clear()
        member.unassign()

    def unplaced(self) -> set[int]:
        """Partitions of ours whose offset has to be looked up."""
        return self.assigned - self._positions.keys()

    def place(
        self, topic_id: str, positions: Mapping[int, StoredOffset], ends: Mapping[int, int] | None = None
    ) -> None:
        """Read the partitions in ``positions`` from there on, and the others from where they are.

        ``ends`` are those of partitions which end before that, with an epoch by which Kafka says what it has lost.
        """
        self.topic_id = topic_id
        self._epoch += 1
        for partition, at in positions.items():
            self._ends.pop(partition, None)
            if partition in self.assigned:
                self._positions[partition] = Reading(at.next_offset, at.leader_epoch, self._epoch)
                self._offsets.start_at(partition, at.next_offset)
        self._ends |= ends or {}
        self._assign()

    def take_refusal(self, partition: int) -> Refusal | None:
        """Why the partition is read no further, told once; None where Kafka did not refuse it."""
        return self._refusals.pop(partition, None)

    def displace(self, partitions: set[int]) -> None:
        """Read these no further; their offsets have to be looked up again."""
        if partitions & self._positions.keys():
            self._let_go(partitions & self._positions.keys())
            self._assign()

    def _let_go(self, partitions: set[int]) -> None:
        for partition in partitions:
            del self._positions[partition]

    def _assign(self) -> None:
        self._unchecked = {partition for partition, at in self._positions.items() if at.leader_epoch != UNKNOWN_EPOCH}
        self._unchecked_since = time.monotonic()
        placed = [self._start_of(partition) for partition in self._positions]
        for each in placed:
            # Of an offset that is not there the client would hear before it has compared the epochs.
            each.offset = min(each.offset, self._ends.get(each.partition, each.offset))
        self._consumer.assign(placed)
        # To the client a pause outlasts the assignment: who comes back paused would not be read any more.
        (self._consumer.pause if self.is_paused else self._consumer.resume)(placed)
        self._check_epochs()

    def _check_epochs(self) -> None:
        """Have Kafka compare its log with the epochs that partitions were read to, before anything is taken of them.

        Assigning an offset with its epoch is not enough: the client compares only where it learns of the leader after
        that. It always does when it seeks, which it refuses for as long as the assignment is not in force.
        """
        for partition in sorted(self._unchecked & self._positions.keys()):
            try:
                self._consumer.seek(self._start_of(partition))
            except KafkaException as error:
                self._unchecked_why = error.args[0].str()
            else:
                self._unchecked.discard(partition)

    def _start_of(self, partition: int) -> TopicPartition:
        at = self._positions[partition]
        return TopicPartition(self._topic, partition, at.next_offset, leader_epoch=at.leader_epoch)

    def is_current(self, partition: int, span: Span) -> bool:
        """Whether the partition is still ours, and was not placed anew since the span was read."""
        reading = self._positions.get(partition) or self._refusals.get(partition)
        return reading is not None and reading.epoch == span.assignment_epoch

    def pause(self) -> None:
        """Fetch nothing more, but stay a member."""
        if not self.is_paused:
            self.is_paused = True
            self._consumer.pause([TopicPartition(self._topic, partition) for partition in self._positions])

    def serve_paused(self) -> None:
        """Stay a member while nothing more can be taken; what slips through is kept for `take`."""
        self.pause()
        message = self._consumer.poll(0)
        if message is not None and partition_of(message) not in self._unchecked:
            self._keep(message)

    def resume(self) -> None:
        """Fetch again."""
        if self.is_paused:
            self.is_paused = False
            self._consumer.resume([TopicPartition(self._topic, partition) for partition in self._positions])

    def take(self, timeout_seconds: float) -> PolledRecords | None:
        """The records that are here, or else the first that comes; None after the timeout.

        It never waits for a batch to fill. Joining, leaving and rebalancing happen inside this call.

        Raises:
            FencedInstanceError: Another process has our name.
            KafkaException: Something that only a person can mend.
        """
        self._errors.raise_fatal()
        self._offsets.send(self._consumer, self._positions)
        self._check_epochs()
        messages = self._take_early()
        first = self._consumer.poll(0 if messages else timeout_seconds)
        messages += [] if first is None else [first]
        # What is kept is bounded, too: nothing more is taken from the client before it fits into a batch.
        if first is not None and len(messages) < MAX_RECORDS and sum(map(len, messages)) < MAX_BYTES:
            messages += self._consumer.consume(MAX_RECORDS - len(messages), 0)
        messages = self._leave_rest(messages)
        taken = self._taken(messages)
        # Only now, because what came before the error is still to be stored: Kafka may not have it any more.
        for message in messages:
            if (error := message.error()) is not None and not is_end(message):
                self._note(error, message.partition())
        return taken

    def _take_early(self) -> list[Message]:
        early, self._early = self._early, []
        # Of a partition that was placed anew meanwhile they are not what comes next.
        return [message for epoch, message in early if self._epoch_of(partition_of(message)) == epoch]

    def _leave_rest(self, messages: list[Message]) -> list[Message]:
        """As many of ``messages`` as a batch may hold; the others are kept for the next."""
        ends = accumulate(map(len, messages))
        fitting = max(1, sum(end <= MAX_BYTES for end in ends))
        for message in messages[fitting:]:
            self._keep(message)
        return messages[:fitting]

    def _keep(self, message: Message) -> None:
        """For the next `take`, should its partition still be read as it is now."""
        epoch = self._epoch_of(partition_of(message))
        if epoch is not None:
            self._early.append((epoch, message))
        elif (error := message.error()) is not None:
            self._errors.note_client_error(error)

    def _epoch_of(self, partition: int) -> int | None:
        reading = self._positions.get(partition)
        return reading.epoch if reading else None

    def _taken(self, messages: list[Message]) -> PolledRecords | None:
        records: list[Record] = []
        starts: dict[int, int] = {}
        skipped, doubted = set(self._unchecked), set[int]()
        for message in messages:
            partition, offset = partition_of(message), offset_of(message)
            reading = self._positions.get(partition)
            # What was still on its way from before a rebalance does not start where the partition does now.
            if reading is None or partition in skipped or offset < reading.next_offset:
                continue
            self._errors.forget()
            if not reading.expects(offset):
                doubted.add(partition)
                skipped.add(partition)
                continue
            if message.error() is None:
                starts.setdefault(partition, reading.next_offset)
                records.append(record := record_of(message))
                reading.move(record)
            elif offset > reading.next_offset:
                starts.setdefault(partition, reading.next_offset)
                reading.pass_over(offset)
        if doubted:
            log.info("the first record leaves a gap; reading once more", partitions=sorted(doubted))
            self._assign()
        spans = {partition: self._span(partition, start) for partition, start in starts.items()}
        return PolledRecords(self.topic_id, tuple(records), spans) if spans else None

    def _span(self, partition: int, start: int) -> Span:
        reading = self._positions[partition]
        return Span(start, reading.next_offset, reading.epoch, reading.leader_epoch)

    def _note(self, error: KafkaError, partition: int | None) -> None:
        if is_refusal(error) and partition in self._positions:
            self._refuse(partition, error)
        else:
            self._errors.note(error)
        log.warning("kafka says", error=error.str(), partition=partition)

    def error(self) -> str | None:
        """What keeps us from reading, as Kafka or its client says."""
        if self._unchecked & self._positions.keys() and time.monotonic() - self._unchecked_since > CHECK_SECONDS:
            return f"offsets cannot be checked: {self._unchecked_why}"
        return self._errors.latest(has_partitions=bool(self.assigned))

    def _refuse(self, partition: int, error: KafkaError) -> None:
        self._refusals[partition] = Refusal.of(error, self._positions[partition])
        self.displace({partition})

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
