"""The processor's connections to Postgres: one for each of its threads, made when needed and dropped when broken."""

import os
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import psycopg
from psycopg.rows import TupleRow

from event_platform.core import postgres
from event_platform.core.settings import Settings

APPLICATION_NAME: Final = "event-platform-processor"

LOCK_TIMEOUT_SECONDS: Final = 5
STATEMENT_TIMEOUT_SECONDS: Final = 30

Connection = psycopg.Connection[TupleRow]


class Database:
    """One connection, for one thread."""

    def __init__(self, settings: Settings) -> None:
        """Connect at the first use."""
        # A worker that stops between two statements loses its transaction after the idle timeout, with its locks.
        options = (
            f"-c lock_timeout={LOCK_TIMEOUT_SECONDS}s -c statement_timeout={STATEMENT_TIMEOUT_SECONDS}s "
            f"-c idle_in_transaction_session_timeout={STATEMENT_TIMEOUT_SECONDS}s -c timezone=UTC"
        )
        self._conninfo = postgres.conninfo(settings, APPLICATION_NAME, options=options)
        self._connection: Connection | None = None
        self.asked_at = 0.0
        """When the connection was asked for last, by the monotonic clock: then a piece of work began."""

    def connection(self) -> Connection:
        """The open connection; each statement outside ``transaction()`` is committed at once.

        Raises:
            psycopg.OperationalError: Postgres does not let us in.
        """
        self.asked_at = time.monotonic()
        if self._connection is None or self._connection.closed:
            self._connection = psycopg.connect(self._conninfo, autocommit=True)
        return self._connection

    def close(self) -> None:
        """Close it; the next use makes a new one."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    @contextmanager
    def within(self, seconds: float) -> Iterator[Connection]:
        """The connection, which is broken should it still be in use after so long.

        Raises:
            psycopg.OperationalError: Postgres does not let us in; inside, too, when the time is over.
        """
        connection = self.connection()
        timer = threading.Timer(seconds, self.abort)
        timer.daemon = True
        timer.start()
        try:
            yield connection
        finally:
            timer.cancel()

    def abort(self) -> None:
        """From another thread: break the connection under whatever waits for it, however long it would."""
        connection = self._connection
        if connection is None or connection.closed:
            return
        try:
            with socket.socket(fileno=os.dup(connection.fileno())) as link:
                link.shutdown(socket.SHUT_RDWR)
        except (OSError, psycopg.Error):
            # It was closed meanwhile, which is what was wanted.
            return
