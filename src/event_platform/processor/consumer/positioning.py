"""Positions assigned partitions: looks up the offset of each, reads on from it, or stops the partition."""

import time
from collections.abc import Collection
from concurrent.futures import Future  # noqa: TC003 - annotations are read at run time
from dataclasses import dataclass
from typing import Final

from event_platform.core.telemetry import get_logger
from event_platform.processor.consumer.assignment import Assignment
from event_platform.processor.consumer.offset_reconciler import OffsetReconciler
from event_platform.processor.consumer.read_position import OffsetOutOfRange
from event_platform.processor.consumer.start_offsets import StartOffsetLookup, StartOffsets
from event_platform.processor.consumer.topic_monitor import TopicMonitor
from event_platform.processor.monitoring.health import Health
from event_platform.processor.storage.offset_store import StoredOffset

TRUNCATED: Final = (
    "its next offset is {offset}, but Kafka has truncated its log at {end}: records were lost, and those written since "
    "would be skipped; `event-platform rewind --partition {partition} --to {end}` reads them"
)

OUT_OF_RANGE: Final = (
    "its next offset is {offset}, which Kafka does not have: it has lost data or is an older copy; "
    "`event-platform rewind --partition {partition} --to {end}` reads again what it holds, and stores nothing twice"
)

LOOK_UP_AGAIN_SECONDS: Final = 5.0
"""How often a partition that could not be positioned is looked up again: an operator may have acted."""

log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class StoppedPartition:
    """Where a partition cannot be read on, and why; only another position ends it, as Kafka's end may grow past it."""

    position: StoredOffset
    reason: str


def find_stop(
    partition: int, found: StartOffsets, out_of_range: OffsetOutOfRange | None, known: StoppedPartition | None
) -> StoppedPartition | None:
    """Why the partition cannot be read on from where it was found; None where it can.

    Args:
        partition: The partition.
        found: What Postgres and Kafka have of it.
        out_of_range: Kafka's answer when it was last read, if it did not have the offset.
        known: Where it was stopped before, if it was.
    """
    position = found.positions[partition]
    if known is not None and known.position == position:
        return known
    if partition in found.stopped:
        return StoppedPartition(position, found.stopped[partition])
    if out_of_range is None:
        return None
    known_end = out_of_range.end_offset
    text, end = (OUT_OF_RANGE, found.lows[partition]) if known_end is None else (TRUNCATED, known_end)
    if position.next_offset <= end:
        return None
    return StoppedPartition(position, text.format(partition=partition, offset=position.next_offset, end=end))


class PartitionPositioner:
    """Called by the main loop; offsets are looked up on the writer thread, behind the batch in flight."""

    def __init__(
        self,
        assignment: Assignment,
        lookup: StartOffsetLookup,
        reconciler: OffsetReconciler,
        topic_monitor: TopicMonitor,
        health: Health,
    ) -> None:
        """Position the partitions of ``assignment``; those that an earlier consumer had stopped are checked again."""
        health.partitions.clear_stopped(health.partitions.stopped())
        self._assignment = assignment
        self._lookup = lookup
        self._reconciler = reconciler
        self._topic_monitor = topic_monitor
        self._health = health
        self._answer: Future[StartOffsets] | None = None
        self._stopped: dict[int, StoppedPartition] = {}
        self._reported: dict[int, str] = {}
        self._not_positioned: dict[int, float] = {}
        self._positioned_at = 0.0

    def expects_answer(self) -> bool:
        """Whether the answer of a lookup is likely to come soon."""
        return self._answer is not None and self._lookup.is_prompt()

    def update(self, *, is_idle: bool) -> None:
        """Look up partitions that have no position, or position those that were found.

        Args:
            is_idle: Whether no batch is in flight, so that positions can be compared with Postgres.
        """
        self._detect_recreated_topic()
        if self._answer is None:
            self._look_up()
        elif self._answer.done():
            found, self._answer = self._answer.result(), None
            self._position(found)
        self._reconciler.check(is_idle=is_idle)
        self._update_health()

    def _detect_recreated_topic(self) -> None:
        if self._topic_monitor.checked_at < self._positioned_at:
            # Our own lookup is newer.
            return
        topic_id, known = self._topic_monitor.topic_id, self._assignment.topic_id
        if known and topic_id and topic_id != known:
            log.warning("topic was recreated; starting again", old_id=known, new_id=topic_id)
            self._assignment.topic_id = ""
            self._assignment.reset_positions(set(self._assignment.partitions()))

    def _look_up(self) -> None:
        due = time.monotonic() - LOOK_UP_AGAIN_SECONDS
        wanted = {p for p in self._assignment.unpositioned() if self._not_positioned.get(p, due) <= due}
        if wanted:
            # Partitions that are revoked meanwhile may not exist any more, and are not to be waited for.
            self._answer = self._lookup.submit(lambda: wanted & self._assignment.assigned)

    def _position(self, found: StartOffsets) -> None:
        self._stop(found)
        readable = {p: position for p, position in found.positions.items() if p not in self._stopped}
        self._resume(readable)
        for partition, reason in found.unanswered.items():
            if self._report(partition, reason):
                log.warning("partition waits for Kafka", partition=partition, reason=reason)
        # Missing partitions are looked up again, too, but nothing is wrong without them.
        now = time.monotonic()
        stopped = self._stopped.keys() & found.positions.keys()
        self._not_positioned |= dict.fromkeys([*stopped, *found.unanswered, *found.missing], now)
        self._positioned_at = now
        self._assignment.set_positions(found.topic_id, readable, found.ends)

    def _stop(self, found: StartOffsets) -> None:
        for partition in found.positions:
            out_of_range = self._assignment.pop_out_of_range(partition)
            stop = find_stop(partition, found, out_of_range, self._stopped.pop(partition, None))
            if stop is not None:
                self._stopped[partition] = stop
                if self._report(partition, stop.reason):
                    log.error("partition stopped", partition=partition, reason=stop.reason)

    def _report(self, partition: int, reason: str) -> bool:
        """Show in health that the partition is not read; whether that is new."""
        if self._reported.get(partition) == reason:
            return False
        self._health.partitions.mark_stopped(partition, reason)
        self._reported[partition] = reason
        return True

    def _resume(self, partitions: Collection[int]) -> None:
        self._health.partitions.clear_stopped(partitions)
        for partition in partitions:
            self._reported.pop(partition, None)
            self._not_positioned.pop(partition, None)

    def _update_health(self) -> None:
        if self._assignment.has_joined and not self._assignment.unpositioned() - self._not_positioned.keys():
            self._health.mark_running()
        self._forget_revoked()

    def _forget_revoked(self) -> None:
        """Forget reports of revoked partitions: one that is assigned again is reported again if it is still stopped."""
        revoked = self._reported.keys() - self._assignment.assigned
        self._health.partitions.clear_stopped(revoked)
        for partition in revoked:
            del self._reported[partition]
