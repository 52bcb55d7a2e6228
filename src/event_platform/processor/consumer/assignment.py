"""The partitions that the group has assigned to the consumer, and the position of each."""

import time
from collections.abc import Mapping

from confluent_kafka import Consumer, KafkaError, KafkaException, TopicPartition

from event_platform.processor.consumer.commits import OffsetCommits
from event_platform.processor.consumer.errors import ConsumerErrors
from event_platform.processor.consumer.read_position import OffsetOutOfRange, ReadPosition
from event_platform.processor.polled_records import UNKNOWN_EPOCH, Span
from event_platform.processor.storage.offset_store import StoredOffset


class Assignment:
    """Used by the consumer's thread; only `is_current` may be called by any.

    A partition that is assigned is read only once its offset has been looked up in Postgres.

    Attributes:
        topic_id: The topic whose offsets are positions; empty before the first lookup.
        assigned: The partitions that the group has assigned, positioned or not.
        has_joined: Whether the group has assigned anything yet, be it nothing.
        is_paused: Whether fetching is paused.
        positions: The positioned partitions.
    """

    def __init__(self, consumer: Consumer, topic: str, commits: OffsetCommits, errors: ConsumerErrors) -> None:
        self._consumer = consumer
        self._topic = topic
        self._commits = commits
        self._errors = errors
        self._assignment_epoch = 0
        self._out_of_range: dict[int, OffsetOutOfRange] = {}
        self._ends: dict[int, int] = {}
        self._unverified: set[int] = set()
        self._unverified_since, self._unverified_reason = 0.0, ""
        self.positions: dict[int, ReadPosition] = {}
        self.topic_id = ""
        self.assigned: set[int] = set()
        self.has_joined = False
        self.is_paused = False

    def on_assign(self, consumer: Consumer, partitions: list[TopicPartition]) -> None:
        """Take over the partitions, but fetch nothing yet: `set_positions` assigns the offsets once they are known."""
        self._forget_all()
        consumer.assign([])
        self._errors.clear()
        self.assigned = {partition.partition for partition in partitions}
        self.has_joined = True

    def on_revoke(self, consumer: Consumer, _partitions: list[TopicPartition]) -> None:
        """Give up all partitions."""
        self.assigned = set()
        self._forget_all()
        consumer.unassign()

    def _forget_all(self) -> None:
        self.positions.clear()
        self._out_of_range.clear()

    def unpositioned(self) -> set[int]:
        """Assigned partitions whose offset has to be looked up."""
        return self.assigned - self.positions.keys()

    def set_positions(
        self, topic_id: str, offsets: Mapping[int, StoredOffset], ends: Mapping[int, int] | None = None
    ) -> None:
        """Read the partitions in ``offsets`` from there, and continue the others.

        Args:
            topic_id: The topic to which the offsets belong.
            offsets: Next offsets by partition; those of partitions that are not assigned any more are ignored.
            ends: Of partitions that end before their position. Its leader epoch lets Kafka say what it has lost.
        """
        self.topic_id = topic_id
        self._assignment_epoch += 1
        for partition, at in offsets.items():
            self._ends.pop(partition, None)
            if partition in self.assigned:
                self.positions[partition] = ReadPosition(at.next_offset, at.leader_epoch, self._assignment_epoch)
                self._commits.set_position(partition, at.next_offset)
        self._ends |= ends or {}
        self.assign_offsets()

    def reset_positions(self, partitions: set[int]) -> None:
        """Stop reading these, until their offsets have been looked up again."""
        positioned = partitions & self.positions.keys()
        for partition in positioned:
            del self.positions[partition]
        if positioned:
            self.assign_offsets()

    def mark_out_of_range(self, partition: int, error: KafkaError) -> None:
        """Stop reading a partition whose offset Kafka does not have."""
        self._out_of_range[partition] = OffsetOutOfRange.of(error, self.positions[partition])
        self.reset_positions({partition})

    def pop_out_of_range(self, partition: int) -> OffsetOutOfRange | None:
        """Return, once only, Kafka's answer that it does not have the partition's offset; None where it has it."""
        return self._out_of_range.pop(partition, None)

    def assign_offsets(self) -> None:
        """Have the client fetch every positioned partition from its position."""
        self._unverified = {partition for partition, at in self.positions.items() if at.leader_epoch != UNKNOWN_EPOCH}
        self._unverified_since = time.monotonic()
        offsets = [self._offset_of(partition) for partition in self.positions]
        for each in offsets:
            # For an offset beyond the end the client reports an error before it has compared the epochs.
            each.offset = min(each.offset, self._ends.get(each.partition, each.offset))
        self._consumer.assign(offsets)
        # The client keeps a partition paused through assignments: one that is assigned again would not be read.
        (self._consumer.pause if self.is_paused else self._consumer.resume)(offsets)
        self.verify_leader_epochs()

    def verify_leader_epochs(self) -> None:
        """Have Kafka compare its log with the epochs that partitions were read to, before anything of them is accepted.

        Assigning an offset with its epoch is not enough: the client compares only when it learns of the leader after
        that. It always compares when it seeks, which it refuses until the assignment is in force.
        """
        for partition in sorted(self._unverified & self.positions.keys()):
            try:
                self._consumer.seek(self._offset_of(partition))
            except KafkaException as error:
                self._unverified_reason = error.args[0].str()
            else:
                self._unverified.discard(partition)

    def unverified(self) -> set[int]:
        """The partitions of which Kafka has not compared its log with the epoch yet."""
        return set(self._unverified)

    def verification_error(self, after_seconds: float) -> str | None:
        """Why epochs have not been compared for so long; None where they have been."""
        is_late = time.monotonic() - self._unverified_since > after_seconds
        return self._unverified_reason if is_late and self._unverified & self.positions.keys() else None

    def _offset_of(self, partition: int) -> TopicPartition:
        at = self.positions[partition]
        return TopicPartition(self._topic, partition, at.next_offset, leader_epoch=at.leader_epoch)

    def is_current(self, partition: int, span: Span) -> bool:
        """Whether the partition is still assigned, and was not positioned again since the span was read."""
        at = self.positions.get(partition) or self._out_of_range.get(partition)
        return at is not None and at.assignment_epoch == span.assignment_epoch

    def assignment_epoch_of(self, partition: int) -> int | None:
        """The assignment epoch of a positioned partition."""
        at = self.positions.get(partition)
        return at.assignment_epoch if at else None

    def pause(self) -> None:
        """Fetch nothing more."""
        if not self.is_paused:
            self.is_paused = True
            self._consumer.pause(self._topic_partitions())

    def resume(self) -> None:
        """Fetch again."""
        if self.is_paused:
            self.is_paused = False
            self._consumer.resume(self._topic_partitions())

    def _topic_partitions(self) -> list[TopicPartition]:
        return [TopicPartition(self._topic, partition) for partition in self.positions]

    def next_offsets(self) -> dict[int, int]:
        """The offset at which each partition is read next."""
        return {partition: at.next_offset for partition, at in self.positions.items()}

    def partitions(self) -> tuple[int, ...]:
        """The partitions that are read."""
        return tuple(sorted(self.positions))
