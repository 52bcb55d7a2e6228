"""Frees rows that a stopped process of ours holds for ever.

A worker that is stopped inside COPY keeps its backend waiting for data: neither the statement's timeout nor the idle
one ends that, and cancelling does nothing. Terminating the backend does.
"""

import threading
import time
from typing import Final

import psycopg

from event_platform.core.telemetry import get_logger
from event_platform.processor.storage.connection import APPLICATION_NAME, Database

# All that changes when a process goes on: with its next statement, or within a COPY with its data. One that waits for
# anything but its client is at work, however slowly.
_BLOCKING: Final = """
SELECT a.pid, ROW(a.backend_start, a.query_start, a.state_change, p.bytes_processed)::text
FROM unnest(pg_blocking_pids(%s)) AS blocking(pid) JOIN pg_stat_activity a USING (pid)
LEFT JOIN pg_stat_progress_copy p USING (pid)
WHERE a.application_name = %s AND a.datname = current_database() AND a.usename = current_user
  AND a.wait_event_type = 'Client'
"""

_TERMINATE: Final = "SELECT pg_terminate_backend(pid) FROM unnest(%s::int[]) AS stopped(pid)"

_WAIT_SECONDS: Final = 1.0
_STILL_SECONDS: Final = 2.0
"""A process of ours that has not moved for so long, while it holds what others need, is taken for stopped."""

_ANSWER_SECONDS: Final = 5.0
"""Within which Postgres must have answered: a hanging one would keep the thread, and its connection, for ever."""

log = get_logger(__name__)


class BlockerWatch:
    """While it is entered: what of ours blocks the backend ``waiting_pid`` is terminated, once a second."""

    def __init__(self, database: Database, waiting_pid: int) -> None:
        """Use ``database``, which no other thread uses meanwhile."""
        self._database = database
        self._waiting_pid = waiting_pid
        self._is_over = threading.Event()
        self._still: dict[int, tuple[str, float]] = {}

    def __enter__(self) -> None:
        """Start waiting; may be entered again once it was left."""
        self._is_over.clear()
        self._thread = threading.Thread(target=self._watch, name="blockers", daemon=True)
        self._thread.start()

    def __exit__(self, *_exception: object) -> None:
        """Nothing needs to be freed any more."""
        self._is_over.set()
        self._thread.join(_WAIT_SECONDS + 2 * _ANSWER_SECONDS)

    def _watch(self) -> None:
        while not self._is_over.wait(_WAIT_SECONDS):
            self._terminate()

    def _terminate(self) -> None:
        try:
            with self._database.within(_ANSWER_SECONDS) as connection:
                blocking = connection.execute(_BLOCKING, [self._waiting_pid, APPLICATION_NAME]).fetchall()
                stopped = self._stopped({int(pid): str(state) for pid, state in blocking}, time.monotonic())
                if stopped:
                    connection.execute(_TERMINATE, [stopped])
                    log.warning("terminated backends of a stopped processor that held our rows", backends=len(stopped))
        except psycopg.Error as error:
            log.warning("could not free rows that a stopped processor holds", error=str(error))
        finally:
            self._database.close()

    def _stopped(self, blocking: dict[int, str], now: float) -> list[int]:
        """Those among ``blocking`` whose state is what it was a while ago."""
        before = self._still
        self._still = {
            pid: before[pid] if pid in before and before[pid][0] == state else (state, now)
            for pid, state in blocking.items()
        }
        return [pid for pid, (_, since) in self._still.items() if now - since >= _STILL_SECONDS]
