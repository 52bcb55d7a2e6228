"""Monitors whether every partition of the topic is read, whoever should read it.

The consumer knows its own partitions only, and a member that the group refuses has none. Therefore Kafka's watermarks
are compared with the offsets in Postgres.
"""

import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from event_platform.processor.consumer.topic_metadata import Topic, Watermarks
from event_platform.processor.monitoring.partition_status import PartitionStatus
from event_platform.processor.outages.dependency_status import KAFKA, POSTGRES
from event_platform.processor.outages.retry import Retrier, StoppedError
from event_platform.processor.storage import offset_store
from event_platform.processor.storage.connection import Database

CHECK_INTERVAL_SECONDS: Final = 10.0
STALLED_AFTER_SECONDS: Final = 120.0
"""How long a partition may have events and not advance: longer than any rebalance or retry takes."""


@dataclass(frozen=True, slots=True)
class Backlog:
    """What lies between a partition's offset and its end.

    Attributes:
        next_offset: Where it is read next.
        end: The high watermark; where it is less, Kafka does not have the offset, and new records would not be read.
        since: When the partition last advanced, by the monotonic clock.
    """

    next_offset: int
    end: int
    since: float

    def describe(self, now: float) -> str:
        """Return the reason that health shows."""
        events, seconds = self.end - self.next_offset, now - self.since
        if events < 0:
            return f"its next offset is {self.next_offset}, but its log ends at {self.end}"
        return f"{events} events wait at offset {self.next_offset}, where nothing was read for {seconds:.0f} s"


def find_backlogs(
    before: Mapping[int, Backlog], offsets: Mapping[int, int], watermarks: Mapping[int, Watermarks], now: float
) -> dict[int, Backlog]:
    """The partitions that are not read to their end, each since it last advanced.

    Args:
        before: The backlogs at the check before.
        offsets: The next offsets of the partitions that were ever read.
        watermarks: The watermarks of all partitions.
        now: The time of this check, by the monotonic clock.
    """
    backlogs = {}
    for partition, mark in watermarks.items():
        offset = max(offsets.get(partition, mark.low), mark.low)
        if offset != mark.high:
            known = before.get(partition)
            since = known.since if known is not None and known.next_offset == offset else now
            backlogs[partition] = Backlog(offset, mark.high, since)
    return backlogs


def stalled(backlogs: Mapping[int, Backlog], now: float) -> dict[int, str]:
    """The partitions that have not advanced for too long, with the reason that health shows."""
    late = {
        partition: backlog for partition, backlog in backlogs.items() if now - backlog.since > STALLED_AFTER_SECONDS
    }
    return {partition: backlog.describe(now) for partition, backlog in late.items()}


class PartitionProgressMonitor:
    """Runs in a thread of its own, with its own connection."""

    def __init__(self, topic: Topic, database: Database, retrier: Retrier, partitions: PartitionStatus) -> None:
        self._topic = topic
        self._database = database
        self._retrier = retrier
        self._partitions = partitions
        self._backlogs: dict[int, Backlog] = {}

    def run(self, stop: threading.Event) -> None:
        """Check until told to stop."""
        try:
            while not stop.wait(CHECK_INTERVAL_SECONDS):
                self._retrier.run(self.check, "looking whether all partitions are read", (KAFKA, POSTGRES))
        except StoppedError:
            return

    def check(self) -> None:
        """Compare once, and update the partitions' status."""
        before, self._backlogs = self._backlogs, {}
        watermarks, _ = self._topic.available_watermarks(self._topic.partitions())
        positions = offset_store.read_offsets(self._database.connection(), self._topic.id(), watermarks)
        offsets = {partition: position.next_offset for partition, position in positions.items()}
        now = time.monotonic()
        # Only if all of this succeeded: an outage has its own status, and starts the time again.
        self._backlogs = find_backlogs(before, offsets, watermarks, now)
        self._partitions.set_stalled(stalled(self._backlogs, now))
