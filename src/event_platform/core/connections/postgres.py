"""Connections to Postgres: made in one place, so that no setting from outside changes what is stored or read.

A session inherits settings from the environment (``PGTZ``, ``PGOPTIONS``), from the role, from the database and from
the URL. Those that change what our statements mean, or when they end, are set by us; all others are the operator's.
"""

import os
import socket
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final

import psycopg
from psycopg.conninfo import make_conninfo
from psycopg.rows import TupleRow

from event_platform.core.errors import ConfigurationError
from event_platform.core.settings.declaration import Settings

CONNECT_TIMEOUT_SECONDS = 5

PINNED: Final[Mapping[str, str]] = {
    "client_encoding": "UTF8",
    "DateStyle": "ISO, MDY",
    "IntervalStyle": "postgres",
    "TimeZone": "UTC",
    "bytea_output": "hex",
    "extra_float_digits": "1",
    "standard_conforming_strings": "on",
    "array_nulls": "on",
    "transform_null_equals": "off",
    "default_transaction_isolation": "read committed",
    "default_transaction_deferrable": "off",
    "client_min_messages": "warning",
    "lock_timeout": "0",
    "statement_timeout": "0",
    "transaction_timeout": "0",
    "idle_in_transaction_session_timeout": "0",
    "idle_session_timeout": "0",
}
"""What every session of ours begins with; each part adds its own deadlines."""

# Not as options of the connection: the server takes `PGTZ` and `PGDATESTYLE`, which libpq adds, after those. Settings
# that this version of Postgres does not know are left out.
_PIN: Final = """
SELECT set_config(name, value, false) FROM unnest(%s::text[], %s::text[]) AS pinned(name, value)
WHERE current_setting(name, true) IS NOT NULL
"""
_ENCODING: Final = "UTF8"

_OUTAGE_CLASSES = frozenset({"08", "25", "28", "3D", "42", "53", "55", "57", "58"})
"""SQLSTATE classes that say something of the server, the schema or our rights, not of a row: connection, transaction
state, authorisation, catalog, missing table or grant, resources, prerequisite state, operator intervention, system
(https://www.postgresql.org/docs/16/errcodes-appendix.html)."""

Connection = psycopg.Connection[TupleRow]
AnyConnection = psycopg.Connection[Any] | psycopg.AsyncConnection[Any]


class ServerEncodingError(psycopg.OperationalError):
    """The database cannot hold every event's text; the message says what to do."""


def conninfo(settings: Settings, application_name: str, **options: Any) -> str:  # noqa: ANN401 - libpq's own keywords
    """Connection string of `DATABASE_URL` with our deadlines.

    Raises:
        ConfigurationError: `DATABASE_URL` is not set, or libpq cannot read it.
    """
    if settings.database_url is None:
        raise ConfigurationError(
            "DATABASE_URL is not set: give the URL of a Postgres, or start one with `event-platform up`"
        )
    return conninfo_of(settings.database_url.get_secret_value(), application_name, **options)


def conninfo_of(url: str, application_name: str, **options: Any) -> str:  # noqa: ANN401 - libpq's own keywords
    """``url`` as a connection string with our name, deadlines and keep-alive; ``options`` win."""
    defaults = {
        "application_name": application_name,
        "client_encoding": PINNED["client_encoding"],
        "connect_timeout": CONNECT_TIMEOUT_SECONDS,
        "keepalives_idle": 10,
        "keepalives_interval": 5,
        "keepalives_count": 3,
        "tcp_user_timeout": 20_000,
    }
    try:
        return make_conninfo(url, **{**defaults, **options})
    except psycopg.ProgrammingError:
        # libpq quotes the URL, which may hold a password.
        raise ConfigurationError("DATABASE_URL: expected postgresql://user:password@host:port/database") from None


def connect(conninfo: str, **session: str) -> Connection:
    """A connection whose statements are each committed at once outside ``transaction()``.

    Args:
        conninfo: As `conninfo` makes it.
        session: Settings beside `PINNED`, or in place of them.

    Raises:
        ServerEncodingError: The database cannot hold every text.
        psycopg.OperationalError: Postgres does not let us in, or not in time.
    """
    connection = psycopg.connect(conninfo, autocommit=True)
    try:
        _check_encoding(connection)
        with broken_after(connection, CONNECT_TIMEOUT_SECONDS):
            connection.execute(_PIN, _pinned(session))
    except BaseException:
        connection.close()
        raise
    return connection


async def pin(connection: psycopg.AsyncConnection[Any], **session: str) -> None:
    """Do to a new connection in autocommit what `connect` does; raises as that does."""
    _check_encoding(connection)
    with broken_after(connection, CONNECT_TIMEOUT_SECONDS):
        await connection.execute(_PIN, _pinned(session))


def _pinned(session: Mapping[str, str]) -> tuple[list[str], list[str]]:
    settings = {**PINNED, **session}
    return list(settings), list(settings.values())


def _check_encoding(connection: AnyConnection) -> None:
    found = connection.info.parameter_status("server_encoding")
    if found != _ENCODING:
        raise ServerEncodingError(
            f"the database {connection.info.dbname} has the encoding {found}, which cannot hold every event's text: "
            f"make one with CREATE DATABASE … ENCODING '{_ENCODING}' TEMPLATE template0"
        )


@contextmanager
def broken_after(connection: AnyConnection, seconds: float) -> Iterator[None]:
    """Break ``connection`` should what is done inside not be over in time: a server that hangs heeds no timeout."""
    timer = threading.Timer(seconds, break_link, [connection])
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def break_link(connection: AnyConnection) -> None:
    """From any thread: break the connection under whatever waits for it, however long it would."""
    try:
        # Of a copy of the descriptor, because libpq closes its own.
        with socket.socket(fileno=os.dup(connection.fileno())) as link:
            link.shutdown(socket.SHUT_RDWR)
    except (OSError, psycopg.Error):
        # It was closed meanwhile, which is what was wanted.
        return


_CONFLICT_CLASS = "40"
"""Transaction rollback: a deadlock, a failed serialization."""


def is_conflict(error: psycopg.Error) -> bool:
    """Whether ``error`` comes of what others do at the same time, so that the same work succeeds when done again."""
    return (error.sqlstate or "")[:2] == _CONFLICT_CLASS


def is_outage(error: psycopg.Error) -> bool:
    """Whether ``error`` is the server's, the schema's or the connection's, so that the same work can succeed later."""
    if error.sqlstate is not None:
        return error.sqlstate[:2] in _OUTAGE_CLASSES
    return isinstance(error, psycopg.OperationalError | psycopg.InterfaceError)
