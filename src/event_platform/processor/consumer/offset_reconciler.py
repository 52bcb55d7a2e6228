"""Notices, while nothing comes, that Postgres has another opinion of where partitions stand.

Under load the guard of the next batch finds that out. A database that was restored, or a rewind, must not wait for it.
"""

import time
from concurrent.futures import Future  # noqa: TC003 - annotations are read at run time
from typing import Final

from event_platform.core.telemetry import get_logger
from event_platform.processor.background_thread import Background
from event_platform.processor.monitoring.health import POSTGRES
from event_platform.processor.parts import Parts
from event_platform.processor.storage import offset_store
from event_platform.processor.storage.offset_store import StoredOffset

EVERY_SECONDS: Final = 3.0

log = get_logger(__name__)


class StandingCheck:
    """The main loop's; asks in the background. While idle, it is also what notices that Postgres went away."""

    def __init__(self, parts: Parts, background: Background) -> None:
        """Nothing is asked yet."""
        self._parts = parts
        self._source = parts.source
        self._background = background
        self._asked_at = 0.0
        self._believed: dict[int, int] = {}
        self._asking: Future[dict[int, StoredOffset]] | None = None

    def check(self, *, is_idle: bool) -> None:
        """Ask now and then, or act on the answer."""
        if self._asking is not None and self._asking.done():
            found, self._asking = self._asking.result(), None
            self._compare(found)
        elif self._asking is None and is_idle and time.monotonic() - self._asked_at > EVERY_SECONDS:
            self._ask()

    def _ask(self) -> None:
        self._asked_at = time.monotonic()
        self._believed = self._source.standing()
        if self._believed:
            topic_id, partitions = self._source.topic_id, tuple(self._believed)
            self._asking = self._background.submit(lambda: self._read(topic_id, partitions))

    def _read(self, topic_id: str, partitions: tuple[int, ...]) -> dict[int, StoredOffset]:
        database = self._parts.database
        return self._parts.patience.persist(
            lambda: offset_store.read_offsets(database.connection(), topic_id, partitions),
            "looking where partitions stand",
            (POSTGRES,),
        )

    def _compare(self, found: dict[int, StoredOffset]) -> None:
        # What was taken meanwhile moved on, and its own guard looks after it.
        now, at = self._source.standing(), {p: position.next_offset for p, position in found.items()}
        moved = {p for p, offset in self._believed.items() if now.get(p) == offset and at.get(p) != offset}
        if moved:
            log.warning("partitions stand elsewhere in Postgres; going there", partitions=sorted(moved))
            self._source.displace(moved)
