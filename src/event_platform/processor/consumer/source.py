"""The raw topic as batches of records, each partition from the offset that Postgres has for it."""

from itertools import accumulate
from typing import Final

from confluent_kafka import Consumer, KafkaError, Message, TopicPartition

from event_platform.core.connections.replaceable_client import finds_brokers
from event_platform.core.settings.model import Settings
from event_platform.core.telemetry import get_logger
from event_platform.processor.consumer.assignment import Assignment
from event_platform.processor.consumer.commits import OffsetCommits
from event_platform.processor.consumer.config import config
from event_platform.processor.consumer.errors import ConsumerErrors
from event_platform.processor.consumer.messages import is_end, offset_of, partition_of, record_of
from event_platform.processor.consumer.read_position import is_out_of_range
from event_platform.processor.polled_records import PolledRecords, Record, Span

MAX_BATCH_RECORDS: Final = 5_000
MAX_BATCH_BYTES: Final = 16_777_216
"""Bound on the values of a batch; a single larger one makes a batch of its own."""
LIST_TOPICS_TIMEOUT_SECONDS: Final = 1.0
VERIFY_WITHIN_SECONDS: Final = 10.0
"""Longer than an assignment takes to be in force."""

log = get_logger(__name__)


class Source:
    """The consumer of the raw topic, on the main loop's thread.

    Attributes:
        assignment: The partitions, and where each is read.
    """

    def __init__(self, settings: Settings, instance_id: str, commits: OffsetCommits) -> None:
        """Consume as the group's member ``instance_id``, and send ``commits``; connects when Kafka is available."""
        self._errors = ConsumerErrors()
        self._commits = commits
        callbacks = {"error_cb": self._errors.record_client_error, "on_commit": commits.on_commit}
        self._consumer = Consumer({**config(settings, instance_id), **callbacks})
        self._topic = settings.topic_raw
        self._buffered: list[tuple[int, Message]] = []
        self.assignment = Assignment(self._consumer, settings.topic_raw, commits, self._errors)

    def subscribe(self) -> None:
        """Join the group."""
        on_assign, on_revoke = self.assignment.on_assign, self.assignment.on_revoke
        self._consumer.subscribe([self._topic], on_assign=on_assign, on_revoke=on_revoke, on_lost=on_revoke)

    def poll(self, timeout_seconds: float) -> PolledRecords | None:
        """Return the records that are here, or else the first that comes; None after the timeout.

        Sends the offset commits that were requested first. Never waits for a batch to fill. Joining, leaving and
        rebalancing happen inside this call.

        Raises:
            FencedInstanceError: Another member of the group has our name.
            KafkaException: An error that an operator has to resolve.
        """
        self._errors.raise_fatal()
        self._commits.send(self._consumer, self.assignment.positions)
        self.assignment.verify_leader_epochs()
        messages = self._limit(self._poll_messages(timeout_seconds))
        polled = self._accept(messages)
        # Only now, because the records before an error are still to be stored: Kafka may not have them any more.
        for message in messages:
            if (error := message.error()) is not None and not is_end(message):
                self._handle_error(error, message.partition())
        return polled

    def _poll_messages(self, timeout_seconds: float) -> list[Message]:
        messages = self._pop_buffered()
        first = self._consumer.poll(0 if messages else timeout_seconds)
        messages += [] if first is None else [first]
        # The buffer is bounded, too: nothing more is polled before it fits into a batch.
        if first is not None and len(messages) < MAX_BATCH_RECORDS and sum(map(len, messages)) < MAX_BATCH_BYTES:
            messages += self._consumer.consume(MAX_BATCH_RECORDS - len(messages), 0)
        return messages

    def _pop_buffered(self) -> list[Message]:
        buffered, self._buffered = self._buffered, []
        # If the partition was positioned again meanwhile, they are not what comes next.
        epoch_of = self.assignment.assignment_epoch_of
        return [message for epoch, message in buffered if epoch_of(partition_of(message)) == epoch]

    def _limit(self, messages: list[Message]) -> list[Message]:
        """Return as many of ``messages`` as a batch may hold, and buffer the others for the next one."""
        ends = accumulate(map(len, messages))
        fitting = max(1, sum(end <= MAX_BATCH_BYTES for end in ends))
        for message in messages[fitting:]:
            self._buffer(message)
        return messages[:fitting]

    def _buffer(self, message: Message) -> None:
        epoch = self.assignment.assignment_epoch_of(partition_of(message))
        if epoch is not None:
            self._buffered.append((epoch, message))
        elif (error := message.error()) is not None:
            self._errors.record_client_error(error)

    def _accept(self, messages: list[Message]) -> PolledRecords | None:
        """Make records of the messages that come next in their partitions, and move the positions behind them."""
        records: list[Record] = []
        starts: dict[int, int] = {}
        positions, skipped, with_gap = self.assignment.positions, self.assignment.unverified(), set[int]()
        for message in messages:
            partition, offset = partition_of(message), offset_of(message)
            position = positions.get(partition)
            # What was fetched before a rebalance does not start where the partition does now.
            if position is None or partition in skipped or offset < position.next_offset:
                continue
            self._errors.clear()
            # The first record after an assignment may be left over from an earlier fetch, and so leave a gap. The
            # partition is then assigned again; if the same record comes first once more, the gap is Kafka's own.
            if not position.try_start(offset):
                with_gap.add(partition)
                skipped.add(partition)
            elif message.error() is None:
                starts.setdefault(partition, position.next_offset)
                records.append(record := record_of(message))
                position.advance_past(record)
            elif offset > position.next_offset:
                starts.setdefault(partition, position.next_offset)
                position.advance_to_end(offset)
        if with_gap:
            log.info("first record leaves a gap; reading again", partitions=sorted(with_gap))
            self.assignment.assign_offsets()
        spans = {partition: self._span(partition, start) for partition, start in starts.items()}
        return PolledRecords(self.assignment.topic_id, tuple(records), spans) if spans else None

    def _span(self, partition: int, start: int) -> Span:
        position = self.assignment.positions[partition]
        return Span(
            start,
            position.next_offset,
            assignment_epoch=position.assignment_epoch,
            leader_epoch=position.leader_epoch,
        )

    def _handle_error(self, error: KafkaError, partition: int | None) -> None:
        if is_out_of_range(error) and partition in self.assignment.positions:
            self.assignment.mark_out_of_range(partition, error)
        else:
            self._errors.record(error)
        log.warning("consumer error", error=error.str(), partition=partition)

    def serve_paused(self) -> None:
        """Stay a member of the group while nothing more can be processed; what still arrives is buffered."""
        self.assignment.pause()
        message = self._consumer.poll(0)
        if message is not None and partition_of(message) not in self.assignment.unverified():
            self._buffer(message)

    def resume(self) -> None:
        """Fetch again after `serve_paused`."""
        self.assignment.resume()

    def error(self) -> str | None:
        """What keeps the consumer from reading; None where nothing does."""
        unverified = self.assignment.verification_error(VERIFY_WITHIN_SECONDS)
        if unverified is not None:
            return f"offsets cannot be checked: {unverified}"
        return self._errors.latest(has_partitions=bool(self.assignment.assigned))

    def finds_brokers(self) -> bool:
        """Whether Kafka answers the consumer; waits for a second at most, as the main loop has more to do."""
        return finds_brokers(self._consumer, self._topic, LIST_TOPICS_TIMEOUT_SECONDS)

    def lag(self) -> dict[int, int]:
        """Records between each partition's position and its end, as the last fetch reported it."""
        lag = {}
        for partition, next_offset in self.assignment.next_offsets().items():
            _, high = self._consumer.get_watermark_offsets(TopicPartition(self._topic, partition), cached=True)
            if high >= 0:
                lag[partition] = max(0, high - next_offset)
        return lag

    def close(self) -> None:
        """End without leaving the group, so that the same member finds its partitions waiting."""
        self._commits.send(self._consumer, self.assignment.positions)
        self._consumer.close()
