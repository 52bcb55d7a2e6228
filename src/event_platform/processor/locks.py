"""Frees rows that a stopped process of ours holds for ever.

A worker that is stopped inside COPY keeps its backend waiting for data: neither the statement's timeout nor the idle
one ends that, and cancelling does nothing. Terminating the backend does.
"""

import threading
from typing import Final

import psycopg

from event_platform.core.telemetry import get_logger
from event_platform.processor.database import APPLICATION_NAME, Database

_TERMINATE: Final = """
SELECT pg_terminate_backend(a.pid)
FROM unnest(pg_blocking_pids(%s)) AS blocking(pid) JOIN pg_stat_activity a USING (pid)
WHERE a.application_name = %s AND a.datname = current_database() AND a.usename = current_user
"""

_WAIT_SECONDS: Final = 1.0
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
                found = connection.execute(_TERMINATE, [self._waiting_pid, APPLICATION_NAME]).fetchall()
            if found:
                log.warning("terminated backends of a stopped processor that held our rows", backends=len(found))
        except psycopg.Error as error:
            log.warning("could not free rows that a stopped processor holds", error=str(error))
        finally:
            self._database.close()
