"""Reads from Postgres: pooled, read-only, and none without a deadline."""

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
from event_platform.core.errors import UnavailableError
from event_platform.core.settings.declaration import Settings

APPLICATION_NAME: Final = "event-platform-admin"
MAX_CONNECTIONS: Final = 8
CONNECT_SECONDS: Final = 1.5
STATEMENT_SECONDS: Final = 2
READ_SECONDS: Final = 3.0
"""All statements of one answer together, whether the server still reacts or not."""

_SESSION: Final = {
    "default_transaction_read_only": "on",
    "statement_timeout": f"{STATEMENT_SECONDS}s",
    "idle_in_transaction_session_timeout": f"{STATEMENT_SECONDS}s",
    # Just-in-time compilation costs more than these short reads.
    "jit": "off",
}

Connection = psycopg.AsyncConnection[DictRow]


class Database:
    """The admin API's connections; made when needed, so that it starts and heals without Postgres' help."""

    def __init__(self, settings: Settings) -> None:
        """Connect at the first read.

        Raises:
            ConfigurationError: No Postgres is named, or its URL cannot be read.
        """
        self._failures: deque[psycopg.Error] = deque(maxlen=1)
        self._pool = AsyncConnectionPool(
            _conninfo(settings),
            connection_class=_leaving_failures_in(self._failures),
            kwargs={"autocommit": True, "row_factory": dict_row},
            min_size=0,
            max_size=MAX_CONNECTIONS,
            timeout=CONNECT_SECONDS,
            reconnect_timeout=CONNECT_SECONDS,
            check=_check,
            open=False,
            name=APPLICATION_NAME,
        )

    async def open(self) -> None:
        """Be ready to read."""
        await self._pool.open()

    async def close(self) -> None:
        """Close all connections."""
        await self._pool.close(timeout=1)

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[Connection]:
        """A connection that may only read, for one answer.

        Raises:
            UnavailableError: Postgres is away, too slow, or not migrated.
        """
        try:
            async with self._pool.connection() as connection:
                with _deadline(connection):
                    yield connection
        except PoolTimeout as error:
            cause = self._failures[-1] if self._failures else error
            raise UnavailableError(f"reading from Postgres: {_first_line(cause)}") from cause
        except psycopg.Error as error:
            if not (is_outage(error) or is_conflict(error)):
                raise
            raise UnavailableError(f"reading from Postgres: {_first_line(error)}") from error


async def clock(connection: Connection) -> datetime:
    """The time as Postgres has it, because by its clock everything was counted."""
    row = await (await connection.execute("SELECT now() AS now")).fetchone()
    now: datetime = row["now"] if row else datetime.now(UTC)
    return now


def _conninfo(settings: Settings) -> str:
    url = settings.admin_database_url
    if url is None:
        return postgres.conninfo(settings, APPLICATION_NAME, connect_timeout=2)
    return postgres.conninfo_from_url(url.get_secret_value(), APPLICATION_NAME, connect_timeout=2)


def _leaving_failures_in(failures: deque[psycopg.Error]) -> type[Connection]:
    """Connections that leave behind why the last one could not be made: the pool says only that it has none."""

    class Leaving(psycopg.AsyncConnection[DictRow]):
        @classmethod
        async def connect(cls, conninfo: str = "", **given: Any) -> Self:  # noqa: ANN401 - what the pool gives
            try:
                made = await super().connect(conninfo, **given)
                await _begin(made)
            except psycopg.Error as error:
                failures.append(error)
                raise
            failures.clear()
            return made

    return Leaving


async def _begin(connection: Connection) -> None:
    try:
        await postgres.pin_session(connection, **_SESSION)
    except BaseException:
        await connection.close()
        raise


async def _check(connection: Connection) -> None:
    """Tell a connection that the server closed meanwhile, without a round trip; raise `psycopg.OperationalError`."""
    link = connection.pgconn
    # The first call may only take in the server's last words.
    for _ in range(2):
        link.consume_input()
    if link.status != pq.ConnStatus.OK:
        raise psycopg.OperationalError("the server closed the connection")


@contextmanager
def _deadline(connection: Connection) -> Iterator[None]:
    """Break the connection under a read that takes too long: a server that hangs heeds no timeout and no cancel."""
    timer = asyncio.get_running_loop().call_later(READ_SECONDS, postgres.shut_down_socket, connection)
    try:
        yield
    finally:
        timer.cancel()


def _first_line(error: psycopg.Error) -> str:
    return str(error).strip().partition("\n")[0] or type(error).__name__
