"""Connections to Postgres, and what its errors mean to one who waits for it."""

from typing import Any

import psycopg
from psycopg.conninfo import make_conninfo

from event_platform.core.errors import ConfigurationError
from event_platform.core.settings import Settings

CONNECT_TIMEOUT_SECONDS = 5

_OUTAGE_CLASSES = frozenset({"08", "25", "28", "3D", "42", "53", "55", "57", "58"})
"""SQLSTATE classes that say something of the server, the schema or our rights, not of a row: connection, transaction
state, authorisation, catalog, missing table or grant, resources, prerequisite state, operator intervention, system
(https://www.postgresql.org/docs/16/errcodes-appendix.html)."""


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
