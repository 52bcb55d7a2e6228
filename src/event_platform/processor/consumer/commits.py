"""Has Kafka told how far we are, for tools that show lag; nobody starts there, so that it may fail or come late."""

import queue
import time
from collections.abc import Collection
from typing import Final

from confluent_kafka import Consumer, KafkaError, KafkaException, TopicPartition

from event_platform.core.telemetry import get_logger
from event_platform.processor.monitoring.timings import Laps, NoteStep, Step

AGAIN_SECONDS: Final = 10.0
"""After an outage of Kafka the client may send what it had in flight behind what was sent later, and say that both were
taken: the older one then stands, for as long as nothing comes. So all of it is sent again now and then."""

log = get_logger(__name__)


class Offsets:
    """Of one consumer of ``topic``."""

    def __init__(self, topic: str, note: NoteStep) -> None:
        """``note`` is told how long Kafka took."""
        self._topic = topic
        self._note = note
        self._sending = Laps(note)
        self._asked_for: queue.SimpleQueue[dict[int, int]] = queue.SimpleQueue()
        self._done: dict[int, int] = {}
        self._sent: dict[int, int] = {}
        self._all_sent_at = time.monotonic()

    def ask_for(self, offsets: dict[int, int]) -> None:
        """Any thread may.

        The client lets one thread at a time in, and polling takes nearly all of that time: so `send` is called by the
        polling thread.
        """
        self._asked_for.put(offsets)

    def start_at(self, partition: int, offset: int) -> None:
        """Who was killed between Postgres' commit and Kafka's left Kafka behind, for as long as nothing comes."""
        self._done[partition] = offset

    def send(self, consumer: Consumer, partitions: Collection[int]) -> None:
        """Send what was asked for of ``partitions``, what was refused before, and now and then all of it."""
        if time.monotonic() - self._all_sent_at > AGAIN_SECONDS:
            self._all_sent_at = time.monotonic()
            self._sent.clear()
        while not self._asked_for.empty():
            self._done |= self._asked_for.get()
        due = {p: done for p, done in self._done.items() if p in partitions and self._sent.get(p) != done}
        if not due:
            return
        self._sending = Laps(self._note)
        try:
            consumer.commit(
                offsets=[TopicPartition(self._topic, p, done) for p, done in due.items()], asynchronous=True
            )
        except KafkaException as error:
            log.debug("commit", error=error.args[0].str())
        else:
            self._sent |= due

    def answer(self, error: KafkaError | None, partitions: list[TopicPartition]) -> None:
        """Kafka's: what was refused, as it is during a rebalance, is sent again."""
        self._sending.end(Step.OFFSETS)
        for each in partitions:
            if error is not None or each.error is not None:
                self._sent.pop(each.partition, None)
