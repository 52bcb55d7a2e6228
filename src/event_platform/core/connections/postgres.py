"""Connections to Postgres, opened in one place so that no outside setting changes what is stored or read.

A session inherits settings from the environment (``PGTZ``, ``PGOPTIONS``), the role, the database and the URL. The
platform sets those that change what its statements mean or how long they may run; all others are left to the operator.
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
from event_platform.core.settings.model import Settings

CONNECT_TIMEOUT_SECONDS: Final = 5

PINNED_SETTINGS: Final[Mapping[str, str]] = {
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
"""Session settings of every connection; each service adds its own deadlines."""

# Not as connection options: libpq adds `PGTZ` and `PGDATESTYLE` from the environment, and the server applies them last.
# Settings that this version of Postgres does not know are left out.
_PIN_SETTINGS: Final = """
SELECT set_config(name, value, false) FROM unnest(%s::text[], %s::text[]) AS pinned(name, value)
WHERE current_setting(name, true) IS NOT NULL
"""
_ENCODING: Final = "UTF8"

Connection = psycopg.Connection[TupleRow]
AnyConnection = psycopg.Connection[Any] | psycopg.AsyncConnection[Any]


class ServerEncodingError(psycopg.OperationalError):
    """The database's encoding cannot represent every event; the message says what to do."""


def conninfo(settings: Settings, application_name: str, **options: Any) -> str:  # noqa: ANN401 - libpq's own keywords
    """Return the connection string of `DATABASE_URL` with the platform's deadlines.

    Raises:
        ConfigurationError: `DATABASE_URL` is not set, or libpq cannot read it.
    """
    if settings.database_url is None:
        raise ConfigurationError(
            "DATABASE_URL is not set: give the URL of a Postgres, or start one with `event-platform up`"
        )
    return conninfo_from_url(settings.database_url.get_secret_value(), application_name, **options)


def conninfo_from_url(url: str, application_name: str, **options: Any) -> str:  # noqa: ANN401 - libpq's own keywords
    """Return ``url`` as a connection string with application name, deadlines and keep-alives; ``options`` override.

    Raises:
        ConfigurationError: libpq cannot read the URL.
    """
    defaults = {
        "application_name": application_name,
        "client_encoding": PINNED_SETTINGS["client_encoding"],
        "connect_timeout": CONNECT_TIMEOUT_SECONDS,
        "keepalives_idle": 10,
        "keepalives_interval": 5,
        "keepalives_count": 3,
        "tcp_user_timeout": 20_000,
    }
    try:
        return make_conninfo(url, **{**defaults, **options})
    except psycopg.ProgrammingError:
        # libpq's message quotes the URL, which may contain a password.
        raise ConfigurationError("DATABASE_URL: expected postgresql://user:password@host:port/database") from None


def connect(conninfo: str, **session: str) -> Connection:
    """Open a connection in autocommit mode with the fixed session settings.

    Args:
        conninfo: A connection string made by `conninfo`.
        session: Settings beside `PINNED_SETTINGS`, or in place of them.

    Raises:
        ServerEncodingError: The database's encoding is not UTF8.
        psycopg.OperationalError: Postgres refuses the connection or does not answer in time.
    """
    connection = psycopg.connect(conninfo, autocommit=True)
    try:
        _check_encoding(connection)
        with breaking_after(connection, CONNECT_TIMEOUT_SECONDS):
            connection.execute(_PIN_SETTINGS, _pin_arguments(session))
    except BaseException:
        connection.close()
        raise
    return connection


async def pin_session(connection: psycopg.AsyncConnection[Any], **session: str) -> None:
    """Apply the checks and session settings of `connect` to a new connection in autocommit mode; raises the same."""
    _check_encoding(connection)
    with breaking_after(connection, CONNECT_TIMEOUT_SECONDS):
        await connection.execute(_PIN_SETTINGS, _pin_arguments(session))


def _pin_arguments(session: Mapping[str, str]) -> tuple[list[str], list[str]]:
    settings = {**PINNED_SETTINGS, **session}
    return list(settings), list(settings.values())


def _check_encoding(connection: AnyConnection) -> None:
    found = connection.info.parameter_status("server_encoding")
    if found != _ENCODING:
        raise ServerEncodingError(
            f"the database {connection.info.dbname} has the encoding {found}, which cannot hold every event's text: "
            f"make one with CREATE DATABASE … ENCODING '{_ENCODING}' TEMPLATE template0"
        )


@contextmanager
def breaking_after(connection: AnyConnection, seconds: float) -> Iterator[None]:
    """Shut down the connection's socket if the context takes longer: a stuck server does not apply its own timeouts."""
    timer = threading.Timer(seconds, shut_down_socket, [connection])
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def shut_down_socket(connection: AnyConnection) -> None:
    """Shut down the connection's socket, which makes a blocked call fail at once; may be called from any thread."""
    try:
        # On a duplicate of the descriptor, because libpq closes its own.
        with socket.socket(fileno=os.dup(connection.fileno())) as duplicate:
            duplicate.shutdown(socket.SHUT_RDWR)
    except (OSError, psycopg.Error):
        # The connection has been closed in the meantime, which is the desired result.
        return
