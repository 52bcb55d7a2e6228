"""The processor's connections to Postgres: one for each thread, opened when needed and renewed when broken."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

from psycopg.pq import TransactionStatus

from event_platform.core.connections import postgres
from event_platform.core.connections.postgres import Connection
from event_platform.core.settings.model import SECONDS_PER_DAY, Settings

APPLICATION_NAME: Final = "event-platform-processor"

LOCK_TIMEOUT_SECONDS: Final = 5
STATEMENT_TIMEOUT_SECONDS: Final = 30

# The idle timeout ends the transaction of a worker that is stopped between two statements, and frees its locks.
_SESSION: Final = {
    "lock_timeout": f"{LOCK_TIMEOUT_SECONDS}s",
    "statement_timeout": f"{STATEMENT_TIMEOUT_SECONDS}s",
    "idle_in_transaction_session_timeout": f"{STATEMENT_TIMEOUT_SECONDS}s",
}


class Database:
    """The connection of one thread."""

    def __init__(self, settings: Settings, monotonic: Callable[[], float] = time.monotonic) -> None:
        """Connect at the first use; ``monotonic`` is a monotonic clock in seconds."""
        self._conninfo = postgres.conninfo(settings, APPLICATION_NAME)
        self._monotonic = monotonic
        self._connection: Connection | None = None
        self._opened_at = 0.0
        self.last_used_at = 0.0
        """When a piece of work last asked for the connection, by the monotonic clock."""

    def connection(self) -> Connection:
        """The open connection; each statement outside ``transaction()`` is committed at once.

        Raises:
            psycopg.OperationalError: Postgres is unavailable or refuses the connection.
        """
        self.last_used_at = self._monotonic()
        if self._connection is not None and self._is_old(self._connection):
            self.close()
        if self._connection is None or self._connection.closed:
            self._connection = postgres.connect(self._conninfo, **_SESSION)
            self._opened_at = self.last_used_at
        return self._connection

    def _is_old(self, connection: Connection) -> bool:
        """Whether to renew it: the temporary table of a session holds back the freezing of old transaction ids."""
        is_idle = connection.info.transaction_status == TransactionStatus.IDLE
        return is_idle and self.last_used_at - self._opened_at > SECONDS_PER_DAY

    def close(self) -> None:
        """Close the connection; the next use opens a new one."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    @contextmanager
    def connection_within(self, seconds: float) -> Iterator[Connection]:
        """The connection for at most ``seconds``, after which it is broken under whatever still uses it.

        Raises:
            psycopg.OperationalError: Postgres is unavailable; also inside the context, when the time is over.
        """
        connection = self.connection()
        with postgres.breaking_after(connection, seconds):
            yield connection

    def abort(self) -> None:
        """Break the connection from another thread, under whatever waits for it."""
        connection = self._connection
        if connection is not None:
            postgres.shut_down_socket(connection)
