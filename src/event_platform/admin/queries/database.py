"""Pooled read-only connections to Postgres, each read with a deadline."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import UTC, datetime
from typing import Any, Final, Self

import psycopg
from psycopg import pq
from psycopg.rows import DictRow, dict_row
from psycopg_pool import AsyncConnectionPool, PoolTimeout

from event_platform.core.connections import postgres
from event_platform.core.connections.sqlstate import is_conflict, is_outage
from event_platform.core.error_text import first_line
from event_platform.core.errors import UnavailableError
from event_platform.core.settings.model import Settings

APPLICATION_NAME: Final = "event-platform-admin"
MAX_CONNECTIONS: Final = 8
CONNECT_TIMEOUT_SECONDS: Final = 1.5
STATEMENT_TIMEOUT_SECONDS: Final = 2
DEADLINE_SECONDS: Final = 3.0
"""For all statements of one response together, whether the server still reacts or not."""

_SESSION: Final = {
    "default_transaction_read_only": "on",
    "statement_timeout": f"{STATEMENT_TIMEOUT_SECONDS}s",
    "idle_in_transaction_session_timeout": f"{STATEMENT_TIMEOUT_SECONDS}s",
    # Just-in-time compilation costs more than these short reads.
    "jit": "off",
}

Connection = psycopg.AsyncConnection[DictRow]


class Database:
    """The admin API's connection pool; it connects on demand, so that it starts and recovers without Postgres."""

    def __init__(self, settings: Settings) -> None:
        """Make the pool, which connects at the first read.

        Raises:
            ConfigurationError: No Postgres is configured, or its URL cannot be parsed.
        """
        self._last_failure: deque[psycopg.Error] = deque(maxlen=1)
        self._pool = AsyncConnectionPool(
            _conninfo(settings),
            connection_class=_connection_class(self._last_failure),
            kwargs={"autocommit": True, "row_factory": dict_row},
            min_size=0,
            max_size=MAX_CONNECTIONS,
            timeout=CONNECT_TIMEOUT_SECONDS,
            reconnect_timeout=CONNECT_TIMEOUT_SECONDS,
            check=_check,
            open=False,
            name=APPLICATION_NAME,
        )

    async def open(self) -> None:
        """Open the pool, without connecting yet."""
        await self._pool.open()

    async def close(self) -> None:
        """Close all connections."""
        await self._pool.close(timeout=1)

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[Connection]:
        """Lend a read-only connection for one response, closed under it at the deadline.

        Raises:
            UnavailableError: Postgres is unavailable, too slow, or not migrated.
        """
        try:
            async with self._pool.connection() as connection:
                with _deadline(connection):
                    yield connection
        except PoolTimeout as error:
            cause = self._last_failure[-1] if self._last_failure else error
            raise UnavailableError(f"reading from Postgres: {first_line(cause)}") from cause
        except psycopg.Error as error:
            if not (is_outage(error) or is_conflict(error)):
                raise
            raise UnavailableError(f"reading from Postgres: {first_line(error)}") from error


async def current_time(connection: Connection) -> datetime:
    """The time by Postgres' clock, the reference for everything that is counted."""
    row = await (await connection.execute("SELECT now() AS now")).fetchone()
    now: datetime = row["now"] if row else datetime.now(UTC)
    return now


def _conninfo(settings: Settings) -> str:
    url = settings.admin_database_url
    if url is None:
        return postgres.conninfo(settings, APPLICATION_NAME, connect_timeout=2)
    return postgres.conninfo_from_url(url.get_secret_value(), APPLICATION_NAME, connect_timeout=2)


def _connection_class(last_failure: deque[psycopg.Error]) -> type[Connection]:
    """A connection class that records why connecting failed, which the pool's own error does not tell."""

    class RecordingConnection(psycopg.AsyncConnection[DictRow]):
        @classmethod
        async def connect(cls, conninfo: str = "", **options: Any) -> Self:  # noqa: ANN401 - the pool's own arguments
            try:
                connection = await super().connect(conninfo, **options)
                await _configure(connection)
            except psycopg.Error as error:
                last_failure.append(error)
                raise
            last_failure.clear()
            return connection

    return RecordingConnection


async def _configure(connection: Connection) -> None:
    try:
        await postgres.pin_session(connection, **_SESSION)
    except BaseException:
        await connection.close()
        raise


async def _check(connection: Connection) -> None:
    """Raise `psycopg.OperationalError` if the server has closed the connection; makes no round trip."""
    link = connection.pgconn
    # The first call may only consume the server's last message before it closed the connection.
    for _ in range(2):
        link.consume_input()
    if link.status != pq.ConnStatus.OK:
        raise psycopg.OperationalError("the server closed the connection")


@contextmanager
def _deadline(connection: Connection) -> Iterator[None]:
    """Break the connection of a read that takes too long: a stuck server obeys neither timeouts nor cancel requests."""
    timer = asyncio.get_running_loop().call_later(DEADLINE_SECONDS, postgres.shut_down_socket, connection)
    try:
        yield
    finally:
        timer.cancel()
