"""What an error of Postgres means for the caller, by its SQLSTATE.

The classes are those of https://www.postgresql.org/docs/16/errcodes-appendix.html.
"""

from enum import Enum
from typing import Final

import psycopg

_LOCK_NOT_AVAILABLE: Final = "55P03"
_QUERY_CANCELED: Final = "57014"

_ROW_CLASSES: Final = frozenset({"22", "23", "54"})
"""Data exception, integrity constraint violation, program limit exceeded."""

_CONFLICT_CLASS: Final = "40"
"""Transaction rollback: a deadlock, a serialization failure."""

_SERVER_CLASSES: Final = frozenset({"08", "25", "28", "3D", "42", "53", "55", "57", "58"})
"""Connection exception, invalid transaction state, invalid authorization, invalid catalog name, missing table or
privilege, insufficient resources, object not in prerequisite state, operator intervention, system error."""


class Cause(Enum):
    """What an error is about."""

    ROW = "row"
    """A value that can never be stored, or a row that meets a stored one."""
    CONFLICT = "conflict"
    """A concurrent transaction; the same work succeeds when it is repeated."""
    TIMEOUT = "timeout"
    """The statement was cancelled because it took too long."""
    LOCKED = "locked"
    """Another session holds a lock for too long."""
    SERVER = "server"
    """The server, the connection, the schema or a privilege; the same work can succeed later."""
    UNKNOWN = "unknown"
    """None of these, such as an internal error of Postgres or an error in the use of psycopg."""


def cause_of(error: Exception) -> Cause:
    """Classify an error that psycopg raised, or that Python raised while it encoded a parameter."""
    sqlstate = error.sqlstate if isinstance(error, psycopg.Error) else None
    if sqlstate is None:
        return _cause_without_sqlstate(error)
    if sqlstate == _LOCK_NOT_AVAILABLE:
        return Cause.LOCKED
    if sqlstate == _QUERY_CANCELED:
        return Cause.TIMEOUT
    return _cause_of_class(sqlstate[:2])


def _cause_without_sqlstate(error: Exception) -> Cause:
    if isinstance(error, psycopg.DataError | UnicodeEncodeError):
        return Cause.ROW
    is_connection = isinstance(error, psycopg.OperationalError | psycopg.InterfaceError)
    return Cause.SERVER if is_connection else Cause.UNKNOWN


def _cause_of_class(sqlstate_class: str) -> Cause:
    if sqlstate_class == _CONFLICT_CLASS:
        return Cause.CONFLICT
    if sqlstate_class in _ROW_CLASSES:
        return Cause.ROW
    return Cause.SERVER if sqlstate_class in _SERVER_CLASSES else Cause.UNKNOWN


def is_conflict(error: psycopg.Error) -> bool:
    """Return whether a concurrent transaction caused ``error``, so that the same work succeeds when repeated."""
    return cause_of(error) is Cause.CONFLICT


def is_outage(error: psycopg.Error) -> bool:
    """Return whether the server, the schema or the connection caused ``error``, so that a later attempt can succeed."""
    return cause_of(error) in {Cause.SERVER, Cause.TIMEOUT, Cause.LOCKED}
