"""What an error of Postgres means for a batch: a refused row, a retry, or an outage."""

from collections.abc import Mapping
from enum import Enum
from typing import Final

import psycopg

from event_platform.core.connections.sqlstate import Cause, cause_of


class FailureKind(Enum):
    """How a failed transaction is to be handled."""

    ROW_REFUSED = "row refused"
    """Some value can never be stored, or some row meets a stored one: find the row."""
    CONFLICT = "conflict"
    """A deadlock or serialization failure: retry at once, without a log line."""
    TIMEOUT = "timeout"
    """The statement took too long and was cancelled: fewer rows may be quick enough."""
    LOCKED = "locked"
    """Another session holds a lock that we need."""
    OUTAGE = "outage"
    """Anything else: keep the batch and retry with backoff."""


_KINDS: Final[Mapping[Cause, FailureKind]] = {
    Cause.ROW: FailureKind.ROW_REFUSED,
    Cause.CONFLICT: FailureKind.CONFLICT,
    Cause.TIMEOUT: FailureKind.TIMEOUT,
    Cause.LOCKED: FailureKind.LOCKED,
}


def classify_error(error: Exception) -> FailureKind:
    """How to handle ``error``. In doubt it is an outage: a good event must never become a dead letter."""
    return _KINDS.get(cause_of(error), FailureKind.OUTAGE)


def is_row_refused(error: psycopg.Error) -> bool:
    """Whether Postgres refused a row for its values or for a stored row, and not for want of a partition."""
    return classify_error(error) is FailureKind.ROW_REFUSED and not is_missing_partition(error)


def is_missing_partition(error: psycopg.Error) -> bool:
    """Whether no partition accepts the row; only that is a check violation without a constraint's name."""
    return isinstance(error, psycopg.errors.CheckViolation) and error.diag.constraint_name is None
