"""Terminates backends of stopped processors that hold locks we wait for.

A worker that is stopped inside COPY keeps its backend waiting for data: neither the statement timeout nor the idle
timeout ends that, and cancelling does nothing. Terminating the backend does.
"""

import threading
import time
from typing import Final

import psycopg

from event_platform.core.telemetry import get_logger
from event_platform.processor.storage.connection import APPLICATION_NAME, Database

# The text changes whenever the process is alive: with its next statement, or inside a COPY with more data. A backend
# that waits for anything but its client is at work, however slow.
_BLOCKING: Final = """
SELECT a.pid, ROW(a.backend_start, a.query_start, a.state_change, p.bytes_processed)::text
FROM unnest(pg_blocking_pids(%s)) AS blocking(pid) JOIN pg_stat_activity a USING (pid)
LEFT JOIN pg_stat_progress_copy p USING (pid)
WHERE a.application_name = %s AND a.datname = current_database() AND a.usename = current_user
  AND a.wait_event_type = 'Client'
"""

_TERMINATE: Final = "SELECT pg_terminate_backend(pid) FROM unnest(%s::int[]) AS stopped(pid)"

_CHECK_INTERVAL_SECONDS: Final = 1.0
_STOPPED_AFTER_SECONDS: Final = 2.0
"""A processor that holds our locks and has not changed for so long counts as stopped."""

_QUERY_SECONDS: Final = 5.0
"""Deadline of a check: without it, a stuck Postgres would keep the thread and its connection for ever."""

log = get_logger(__name__)


class LockBlockerTerminator:
    """Terminates, once a second while the context is entered, backends of stopped processors that block a given one."""

    def __init__(self, database: Database, waiting_pid: int) -> None:
        """Unblock one backend.

        Args:
            database: A connection that no other thread uses meanwhile.
            waiting_pid: Process id of the backend that waits for locks.
        """
        self._database = database
        self._waiting_pid = waiting_pid
        self._stop = threading.Event()
        self._unchanged: dict[int, tuple[str, float]] = {}

    def __enter__(self) -> None:
        """Start the thread; the context can be entered again after it was left."""
        self._stop.clear()
        self._thread = threading.Thread(target=self._run, name="lock-blockers", daemon=True)
        self._thread.start()

    def __exit__(self, *_exception: object) -> None:
        """Stop the thread, and wait for it."""
        self._stop.set()
        self._thread.join(_CHECK_INTERVAL_SECONDS + 2 * _QUERY_SECONDS)

    def _run(self) -> None:
        while not self._stop.wait(_CHECK_INTERVAL_SECONDS):
            self._terminate_stopped()

    def _terminate_stopped(self) -> None:
        try:
            with self._database.connection_within(_QUERY_SECONDS) as connection:
                blocking = connection.execute(_BLOCKING, [self._waiting_pid, APPLICATION_NAME]).fetchall()
                stopped = self._find_stopped({int(pid): str(state) for pid, state in blocking}, time.monotonic())
                if stopped:
                    connection.execute(_TERMINATE, [stopped])
                    log.warning("terminated backends of a stopped processor", backends=len(stopped))
        except psycopg.Error as error:
            log.warning("cannot check for blocking backends", error=str(error))
        finally:
            self._database.close()

    def _find_stopped(self, blocking: dict[int, str], now: float) -> list[int]:
        """The pids of ``blocking`` whose state has not changed for `_STOPPED_AFTER_SECONDS`."""
        before = self._unchanged
        self._unchanged = {
            pid: before[pid] if pid in before and before[pid][0] == state else (state, now)
            for pid, state in blocking.items()
        }
        return [pid for pid, (_, since) in self._unchanged.items() if now - since >= _STOPPED_AFTER_SECONDS]
