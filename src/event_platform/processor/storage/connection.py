"""The processor's connections to Postgres: one for each of its threads, made when needed and dropped when broken."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

from psycopg.pq import TransactionStatus

from event_platform.core.connections import postgres
from event_platform.core.settings.declaration import SECONDS_PER_DAY, Settings

APPLICATION_NAME: Final = "event-platform-processor"

LOCK_TIMEOUT_SECONDS: Final = 5
STATEMENT_TIMEOUT_SECONDS: Final = 30

Connection = postgres.Connection

# A worker that stops between two statements loses its transaction after the idle timeout, with its locks.
_SESSION: Final = {
    "lock_timeout": f"{LOCK_TIMEOUT_SECONDS}s",
    "statement_timeout": f"{STATEMENT_TIMEOUT_SECONDS}s",
    "idle_in_transaction_session_timeout": f"{STATEMENT_TIMEOUT_SECONDS}s",
}


class Database:
    """One connection, for one thread."""

    def __init__(self, settings: Settings, monotonic: Callable[[], float] = time.monotonic) -> None:
        """Connect at the first use; ``monotonic`` is a clock that never goes back, in seconds."""
        self._conninfo = postgres.conninfo(settings, APPLICATION_NAME)
        self._monotonic = monotonic
        self._connection: Connection | None = None
        self._made_at = 0.0
        self.asked_at = 0.0
        """When the connection was asked for last, by the monotonic clock: then a piece of work began."""

    def connection(self) -> Connection:
        """The open connection; each statement outside ``transaction()`` is committed at once.

        Raises:
            psycopg.OperationalError: Postgres does not let us in.
        """
        self.asked_at = self._monotonic()
        if self._connection is not None and self._is_old(self._connection):
            self.close()
        if self._connection is None or self._connection.closed:
            self._connection = postgres.connect(self._conninfo, **_SESSION)
            self._made_at = self.asked_at
        return self._connection

    def _is_old(self, connection: Connection) -> bool:
        """A session's temporary table keeps Postgres from forgetting old transaction ids for as long as it is there."""
        is_idle = connection.info.transaction_status == TransactionStatus.IDLE
        return is_idle and self.asked_at - self._made_at > SECONDS_PER_DAY

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
        with postgres.breaking_after(connection, seconds):
            yield connection

    def abort(self) -> None:
        """From another thread: break the connection under whatever waits for it, however long it would."""
        connection = self._connection
        if connection is not None:
            postgres.shut_down_socket(connection)
