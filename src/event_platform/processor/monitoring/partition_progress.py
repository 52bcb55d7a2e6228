"""Whether every partition of the topic is read, whoever should read it: Kafka's ends beside Postgres' offsets.

The consumer knows its own partitions only, and a member that the group refuses has none.
"""

import threading
import time
from collections.abc import Mapping
from typing import Final

import msgspec

from event_platform.processor.consumer.topic import Marks, Topic
from event_platform.processor.monitoring.health import KAFKA, POSTGRES, Health
from event_platform.processor.retry import Patience, StoppedError
from event_platform.processor.storage import offset_store
from event_platform.processor.storage.connection import Database

EVERY_SECONDS: Final = 10.0
UNMOVED_SECONDS: Final = 120.0
"""For so long a partition may have events that wait, and not move: longer than any rebalance or retry takes."""


class Wait(msgspec.Struct, frozen=True):
    """Events that wait at an offset, since when by the monotonic clock, and up to which offset.

    Where that is less, Kafka does not have the offset, and what comes would not be read.
    """

    next_offset: int
    end: int
    since: float

    def told(self, now: float) -> str:
        """What is to be said of it."""
        events, seconds = self.end - self.next_offset, now - self.since
        if events < 0:
            return f"it goes on at offset {self.next_offset}, but ends at {self.end}"
        return f"{events} events wait at offset {self.next_offset}, where nothing was read for {seconds:.0f} s"


def waits(
    before: Mapping[int, Wait], offsets: Mapping[int, int], marks: Mapping[int, Marks], now: float
) -> dict[int, Wait]:
    """The partitions that do not go on at their end, each since it last moved.

    Args:
        before: The same at the last look.
        offsets: Where those partitions go on that were ever read.
        marks: What all of them hold.
        now: By the monotonic clock.
    """
    found = {}
    for partition, mark in marks.items():
        offset = max(offsets.get(partition, mark.low), mark.low)
        if offset != mark.high:
            known = before.get(partition)
            since = known.since if known is not None and known.next_offset == offset else now
            found[partition] = Wait(offset, mark.high, since)
    return found


def told(found: Mapping[int, Wait], now: float) -> dict[int, str]:
    """What is to be said of those that have waited for too long."""
    late = {partition: wait for partition, wait in found.items() if now - wait.since > UNMOVED_SECONDS}
    return {partition: wait.told(now) for partition, wait in late.items()}


class ProgressWatch:
    """A thread of its own, with its own connection."""

    def __init__(self, topic: Topic, database: Database, patience: Patience, health: Health) -> None:
        """Nothing was seen yet."""
        self._topic = topic
        self._database = database
        self._patience = patience
        self._health = health
        self._waits: dict[int, Wait] = {}

    def run(self, stop: threading.Event) -> None:
        """Until told to stop."""
        try:
            while not stop.wait(EVERY_SECONDS):
                self._patience.persist(self.look, "looking whether all partitions are read", (KAFKA, POSTGRES))
        except StoppedError:
            return

    def look(self) -> None:
        """Compare once, and tell health."""
        before, self._waits = self._waits, {}
        marks, _ = self._topic.known_marks(self._topic.partitions())
        positions = offset_store.read_offsets(self._database.connection(), self._topic.id(), marks)
        offsets = {partition: position.next_offset for partition, position in positions.items()}
        now = time.monotonic()
        # Only where all of this succeeded: an outage is said elsewhere, and begins the wait anew.
        self._waits = waits(before, offsets, marks, now)
        self._health.unmoved = told(self._waits, now)
