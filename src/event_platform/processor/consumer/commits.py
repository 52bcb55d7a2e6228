"""Commits offsets to Kafka, for tools that show lag; no consumer starts there, so that a commit may fail or be late."""

import queue
import time
from collections.abc import Collection
from typing import Final

from confluent_kafka import Consumer, KafkaError, KafkaException, TopicPartition

from event_platform.core.telemetry import get_logger
from event_platform.processor.monitoring.timings import RecordStep, Step, Stopwatch

RESEND_SECONDS: Final = 10.0
"""After an outage of Kafka, the client may deliver a commit after a later one, and report both as successful. The older
offset then stays until the next record comes, so that all offsets are sent again from time to time."""

log = get_logger(__name__)


class OffsetCommits:
    """The offsets that one consumer commits.

    The pipeline requests them, on the writer thread; the consumer sends them between its polls, on its own: the client
    serves one thread at a time, and polling takes nearly all of its time.
    """

    def __init__(self, topic: str, record_step: RecordStep) -> None:
        """``record_step`` is called with the time that Kafka took."""
        self._topic = topic
        self._record_step = record_step
        self._stopwatch = Stopwatch(record_step)
        self._requested: queue.SimpleQueue[dict[int, int]] = queue.SimpleQueue()
        self._offsets: dict[int, int] = {}
        self._sent: dict[int, int] = {}
        self._all_sent_at = time.monotonic()

    def request(self, offsets: dict[int, int]) -> None:
        """Have the offsets of these partitions committed soon; any thread may call it."""
        self._requested.put(offsets)

    def set_position(self, partition: int, offset: int) -> None:
        """Commit the offset at which a partition is positioned.

        A crash between Postgres' commit and Kafka's leaves Kafka's offset stale until the next record comes.
        """
        self._offsets[partition] = offset

    def send(self, consumer: Consumer, partitions: Collection[int]) -> None:
        """Send the new offsets of ``partitions``, those that Kafka refused, and from time to time all of them."""
        if time.monotonic() - self._all_sent_at > RESEND_SECONDS:
            self._all_sent_at = time.monotonic()
            self._sent.clear()
        while not self._requested.empty():
            self._offsets |= self._requested.get()
        due = {p: offset for p, offset in self._offsets.items() if p in partitions and self._sent.get(p) != offset}
        if due:
            self._send(consumer, due)

    def _send(self, consumer: Consumer, due: dict[int, int]) -> None:
        self._stopwatch = Stopwatch(self._record_step)
        offsets = [TopicPartition(self._topic, partition, offset) for partition, offset in due.items()]
        try:
            consumer.commit(offsets=offsets, asynchronous=True)
        except KafkaException as error:
            log.debug("commit failed", error=error.args[0].str())
        else:
            self._sent |= due

    def on_commit(self, error: KafkaError | None, partitions: list[TopicPartition]) -> None:
        """Handle Kafka's answer: what it refused, as it does during a rebalance, is sent again."""
        self._stopwatch.record(Step.COMMIT_OFFSETS)
        for each in partitions:
            if error is not None or each.error is not None:
                self._sent.pop(each.partition, None)
