"""What an error of Postgres means for a batch: a refused row, a retry, or an outage."""

from enum import Enum
from typing import Final

import psycopg

from event_platform.core.connections.sqlstate import is_conflict

_ROW_CLASSES: Final = frozenset({"22", "23", "54"})
"""Data exception, constraint violation, program limit exceeded
(https://www.postgresql.org/docs/16/errcodes-appendix.html)."""


class FailureKind(Enum):
    """How a failed transaction is to be handled."""

    ROW_REFUSED = "row refused"
    """Some value can never be stored: find the row."""
    CONFLICT = "conflict"
    """A deadlock or serialization failure: retry at once, without a log line."""
    TIMEOUT = "timeout"
    """The statement took too long and was cancelled: fewer rows may be quick enough."""
    LOCKED = "locked"
    """Another session holds a lock that we need."""
    OUTAGE = "outage"
    """Anything else: keep the batch and retry with backoff."""


def classify_error(error: Exception) -> FailureKind:
    """How to handle ``error``. In doubt it is an outage: a good event must never become a dead letter."""
    sqlstate = error.sqlstate if isinstance(error, psycopg.Error) else None
    if sqlstate is None:
        is_value = isinstance(error, psycopg.DataError | UnicodeEncodeError)
        return FailureKind.ROW_REFUSED if is_value else FailureKind.OUTAGE
    if isinstance(error, psycopg.errors.LockNotAvailable):
        return FailureKind.LOCKED
    if isinstance(error, psycopg.errors.QueryCanceled):
        return FailureKind.TIMEOUT
    if isinstance(error, psycopg.Error) and is_conflict(error):
        return FailureKind.CONFLICT
    return FailureKind.ROW_REFUSED if sqlstate[:2] in _ROW_CLASSES else FailureKind.OUTAGE


def is_row_refused(error: psycopg.Error) -> bool:
    """Whether Postgres refused a row for its values or for a stored row, and not for want of a partition."""
    return classify_error(error) is FailureKind.ROW_REFUSED and not is_missing_partition(error)


def is_missing_partition(error: psycopg.Error) -> bool:
    """Whether no partition accepts the row; only that is a check violation without a constraint's name."""
    return isinstance(error, psycopg.errors.CheckViolation) and error.diag.constraint_name is None
