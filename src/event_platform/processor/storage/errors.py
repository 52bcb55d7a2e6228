"""Whose fault an error of Postgres is: a row's, the moment's, or the server's."""

from enum import Enum
from typing import Final

import psycopg

from event_platform.core.connections.sqlstate import is_conflict

_ROW_CLASSES: Final = frozenset({"22", "23", "54"})
"""Data exception, constraint violation, program limit exceeded
(https://www.postgresql.org/docs/16/errcodes-appendix.html)."""


class Fault(Enum):
    """What to do about an error."""

    ROW = "row"
    """Some value can never be stored: find it."""
    CONFLICT = "conflict"
    """A deadlock or the like: try again at once, and say nothing."""
    SLOW = "slow"
    """The statement was ended because it took too long: fewer rows may be quick enough."""
    LOCKED = "locked"
    """Another session holds what we need."""
    OUTAGE = "outage"
    """Anything else: keep the batch, wait, try again."""


def fault_of(error: Exception) -> Fault:
    """Whose fault ``error`` is. In doubt it is the server's: a good event must never become a dead letter."""
    sqlstate = error.sqlstate if isinstance(error, psycopg.Error) else None
    if sqlstate is None:
        return Fault.ROW if isinstance(error, psycopg.DataError | UnicodeEncodeError) else Fault.OUTAGE
    if isinstance(error, psycopg.errors.LockNotAvailable):
        return Fault.LOCKED
    if isinstance(error, psycopg.errors.QueryCanceled):
        return Fault.SLOW
    if isinstance(error, psycopg.Error) and is_conflict(error):
        return Fault.CONFLICT
    return Fault.ROW if sqlstate[:2] in _ROW_CLASSES else Fault.OUTAGE


def is_missing_day(error: psycopg.Error) -> bool:
    """Whether ``error`` says that no partition takes the row, which no named constraint does."""
    return isinstance(error, psycopg.errors.CheckViolation) and error.diag.constraint_name is None
