"""Has partitions looked up that are ours but not read yet, and read from there."""

import time
from collections.abc import Collection
from concurrent.futures import Future  # noqa: TC003 - annotations are read at run time
from typing import Final

import msgspec

from event_platform.core.telemetry import get_logger
from event_platform.processor.background_thread import Background
from event_platform.processor.consumer import start_offsets
from event_platform.processor.consumer.offset_reconciler import StandingCheck
from event_platform.processor.consumer.partition_reader import Refusal
from event_platform.processor.consumer.start_offsets import Found
from event_platform.processor.monitoring.health import KAFKA, POSTGRES, State
from event_platform.processor.parts import Parts
from event_platform.processor.storage.offset_store import StoredOffset

CUT_SHORT: Final = (
    "it goes on at offset {offset}, but from {end} on Kafka's log is not the one that was read: events were lost, and "
    "those that came since would be left out; `event-platform rewind --partition {partition} --to {end}` reads them"
)

NOT_THERE: Final = (
    "it goes on at offset {offset}, which Kafka does not have: it has lost data or is an older copy; "
    "`event-platform rewind --partition {partition} --to {end}` reads again all that it holds, and stores none of it "
    "twice"
)

SOON_SECONDS: Final = 1.0
LOOK_AGAIN_SECONDS: Final = 5.0
"""After which a partition that could not go on is looked up again: a person may have mended it."""

log = get_logger(__name__)


class Stop(msgspec.Struct):
    """Where a partition cannot go on, and why; only another position lifts it, because Kafka's end may grow past it."""

    position: StoredOffset
    why: str
    looked_at: float = 0.0


def stop_of(partition: int, found: Found, refusal: Refusal | None, known: Stop | None) -> Stop | None:
    """Why the partition cannot go on where it was found; None where it can.

    Args:
        partition: Which.
        found: What Postgres and Kafka say of it.
        refusal: What Kafka said when it was last read.
        known: Where it was stopped before.
    """
    position = found.positions[partition]
    if known is not None and known.position == position:
        return known
    if partition in found.stopped:
        return Stop(position, found.stopped[partition])
    if refusal is None:
        return None
    known_end = refusal.end_offset
    text, end = (NOT_THERE, found.lows[partition]) if known_end is None else (CUT_SHORT, known_end)
    if position.next_offset <= end:
        return None
    return Stop(position, text.format(partition=partition, offset=position.next_offset, end=end))


class Placement:
    """The main loop's; looking up happens in the background, behind the batch that is being stored."""

    def __init__(self, parts: Parts, background: Background) -> None:
        """Nothing is being looked up, and nothing is stopped that was with an earlier consumer."""
        parts.health.partitions_go_on(parts.health.stopped())
        self._parts = parts
        self._source = parts.source
        self._background = background
        self._looking: Future[Found] | None = None
        self._stopped: dict[int, Stop] = {}
        self._said: dict[int, str] = {}
        self._absent: dict[int, float] = {}
        self._silent: dict[int, float] = {}
        self._placed_at = 0.0
        self._standing = StandingCheck(parts, background)

    def is_looking(self) -> bool:
        """Whether an answer is expected soon."""
        attempt = self._parts.patience.attempt
        return self._looking is not None and (attempt is None or attempt.seconds() < SOON_SECONDS)

    def go_on(self, *, is_idle: bool) -> None:
        """Ask about what has no place yet, or act on the answer; while idle, see whether the places still hold."""
        self._notice_another_topic()
        if self._looking is None:
            self._ask()
        elif self._looking.done():
            found, self._looking = self._looking.result(), None
            self._place(found)
        self._standing.check(is_idle=is_idle)
        self._say_state()

    def _notice_another_topic(self) -> None:
        if self._parts.watch.looked_at < self._placed_at:
            # What was seen before we looked ourselves is no news.
            return
        now_called = self._parts.watch.topic_id
        if self._source.topic_id and now_called and now_called != self._source.topic_id:
            log.warning("the topic was made anew; starting anew", topic=self._parts.topic.name)
            self._source.topic_id = ""
            self._source.displace(set(self._source.partitions()))

    def _ask(self) -> None:
        lately = time.monotonic() - LOOK_AGAIN_SECONDS
        asked = {p: stop.looked_at for p, stop in self._stopped.items()} | self._absent | self._silent
        wanted = {partition for partition in self._source.unplaced() if asked.get(partition, lately) <= lately}
        if wanted:
            self._looking = self._background.submit(lambda: self._find(wanted))

    def _find(self, wanted: set[int]) -> Found:
        parts, source = self._parts, self._source

        def find() -> Found:
            # What was taken from us meanwhile may not exist any more, and is not to be waited for.
            connection = parts.database.connection()
            # Before anything is read, because what is read may be called too old.
            parts.clock.synchronize(connection)
            return start_offsets.find(connection, parts.topic, wanted & source.assigned)

        return parts.patience.persist(find, "looking up where to start", (KAFKA, POSTGRES))

    def _place(self, found: Found) -> None:
        refusals = {partition: self._source.take_refusal(partition) for partition in found.positions}
        known = self._stopped
        stops = {p: s for p in found.positions if (s := stop_of(p, found, refusals[p], known.get(p))) is not None}
        going_on = {p: position for p, position in found.positions.items() if p not in stops}
        self._go_on(going_on)
        for partition, stop in stops.items():
            stop.looked_at = time.monotonic()
            self._stopped[partition] = stop
            if self._say(partition, stop.why):
                log.error("a partition is stopped", partition=partition, reason=stop.why)
        for partition, why in found.silent.items():
            self._silent[partition] = time.monotonic()
            if self._say(partition, why):
                log.warning("a partition has to wait", partition=partition, reason=why)
        # They are looked for again now and then, but nothing is wrong without them.
        self._absent |= dict.fromkeys(found.absent, time.monotonic())
        self._placed_at = time.monotonic()
        self._source.place(found.topic_id, going_on, found.ends)

    def _say(self, partition: int, why: str) -> bool:
        """Have it seen that the partition is not read; whether that is new."""
        if self._said.get(partition) == why:
            return False
        self._parts.health.partition_stopped(partition, why)
        self._said[partition] = why
        return True

    def _go_on(self, partitions: Collection[int]) -> None:
        self._parts.health.partitions_go_on(partitions)
        for partition in partitions:
            self._stopped.pop(partition, None)
            self._said.pop(partition, None)
            self._silent.pop(partition, None)

    def _say_state(self) -> None:
        known = self._stopped.keys() | self._absent.keys() | self._silent.keys()
        is_placed = self._source.is_member and not self._source.unplaced() - known
        if is_placed and self._parts.health.state is State.STARTING:
            self._parts.health.state = State.RUNNING
        self._forget_what_was_taken_away()

    def _forget_what_was_taken_away(self) -> None:
        """Should it come back, it is looked up, and red again where it has not moved."""
        gone = self._said.keys() - self._source.assigned
        self._parts.health.partitions_go_on(gone)
        for partition in gone:
            del self._said[partition]
