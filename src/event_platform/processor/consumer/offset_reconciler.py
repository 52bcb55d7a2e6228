"""Compares the positions of an idle consumer with the offsets in Postgres.

Under load, the guard of the next batch's transaction detects a mismatch. While no records come, a rewind or a restored
database must not wait for it.
"""

import time
from concurrent.futures import Future  # noqa: TC003 - annotations are read at run time
from typing import Final

from event_platform.core.telemetry import get_logger
from event_platform.processor.consumer.assignment import Assignment
from event_platform.processor.outages.dependency_status import POSTGRES
from event_platform.processor.storage import offset_store
from event_platform.processor.storage.offset_store import StoredOffset
from event_platform.processor.writer_session import WriterSession

CHECK_INTERVAL_SECONDS: Final = 3.0

log = get_logger(__name__)


class OffsetReconciler:
    """Called by the main loop; asks on the writer thread. While idle, it is also what detects an outage of Postgres."""

    def __init__(self, assignment: Assignment, session: WriterSession) -> None:
        self._assignment = assignment
        self._session = session
        self._checked_at = 0.0
        self._expected: dict[int, int] = {}
        self._answer: Future[dict[int, StoredOffset]] | None = None

    def check(self, *, is_idle: bool) -> None:
        """Ask Postgres now and then while idle, and reposition the partitions whose offset differs."""
        if self._answer is not None and self._answer.done():
            stored, self._answer = self._answer.result(), None
            self._reconcile(stored)
        elif self._answer is None and is_idle and time.monotonic() - self._checked_at > CHECK_INTERVAL_SECONDS:
            self._ask()

    def _ask(self) -> None:
        self._checked_at = time.monotonic()
        self._expected = self._assignment.next_offsets()
        if self._expected:
            topic_id, partitions = self._assignment.topic_id, tuple(self._expected)
            self._answer = self._session.submit(
                lambda connection: offset_store.read_offsets(connection, topic_id, partitions),
                "looking where partitions stand",
                (POSTGRES,),
            )

    def _reconcile(self, stored: dict[int, StoredOffset]) -> None:
        # Partitions that were read meanwhile have moved on; the guard of their own batch checks those.
        now, offsets = self._assignment.next_offsets(), {p: position.next_offset for p, position in stored.items()}
        moved = {p for p, offset in self._expected.items() if now.get(p) == offset and offsets.get(p) != offset}
        if moved:
            log.warning("offset mismatch with Postgres; repositioning partitions", partitions=sorted(moved))
            self._assignment.reset_positions(moved)
