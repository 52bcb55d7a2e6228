"""What an error of Postgres means for a batch: only a row's own value can make a dead letter (P4, P6)."""

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
import pytest
from tests.processor.conftest import Bench, MakeMessage
from tests.processor.storage.written import outcome_counts, rows_stored, tenant_of

from event_platform.core.errors import UnavailableError
from event_platform.processor.storage import errors
from event_platform.processor.storage.errors import FailureKind

OUTAGES = {
    "08000": "connection exception",
    "08006": "connection failure",
    "0A000": "feature not supported",
    "25006": "read-only",
    "28000": "authorisation",
    "3D000": "no such database",
    "3F000": "no such schema",
    "42501": "missing grant",
    "42703": "missing column",
    "42804": "column of another type",
    "42P01": "missing table",
    "53000": "resources",
    "53100": "disk full",
    "53200": "out of memory",
    "53300": "too many connections",
    "53400": "a configured limit",
    "55000": "object not in the needed state",
    "55006": "object in use",
    "57P01": "shut down by an administrator",
    "57P02": "crash shutdown",
    "57P03": "starting up",
    "58030": "input/output error",
    "F0000": "configuration file",
    "P0001": "a trigger's own error",
    "XX000": "internal error",
    "XX001": "data corrupted",
}
"""What says nothing of a row, however many other rows are taken meanwhile."""

ROWS = {
    "22P05": "untranslatable character",
    "22003": "out of range",
    "23502": "missing value",
    "54000": "index row size",
}


def error_with(sqlstate: str) -> psycopg.Error:
    """The error with that SQLSTATE."""
    return psycopg.errors.lookup(sqlstate)()


@contextmanager
def refusing(bench: Bench, sqlstate: str, *, times: int = 1_000_000) -> Iterator[None]:
    """Context in which Postgres fails the first ``times`` rows of type ``chosen`` with ``sqlstate``."""
    # A sequence goes on counting over a rollback.
    statements = f"""
        CREATE SEQUENCE refusals MINVALUE 0;
        CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN
            IF nextval('refusals') < {times} THEN RAISE EXCEPTION 'provoked' USING ERRCODE = '{sqlstate}'; END IF;
            RETURN NEW;
        END$$;
        CREATE TRIGGER refuse BEFORE INSERT ON events FOR EACH ROW
            WHEN (NEW.event_type = 'chosen') EXECUTE FUNCTION refuse()
    """
    bench.connection.execute(statements.encode())
    try:
        yield
    finally:
        bench.connection.execute("DROP TRIGGER refuse ON events; DROP FUNCTION refuse(); DROP SEQUENCE refusals")


@pytest.mark.parametrize("sqlstate", OUTAGES)
def test_outage_that_hits_one_row_dead_letters_none(bench: Bench, message: MakeMessage, sqlstate: str) -> None:
    """An error of the server keeps the batch, even if only one row causes it and Postgres accepts all others."""
    values = [message(event_type="chosen" if number == 2 else "t") for number in range(5)]
    with refusing(bench, sqlstate):
        with pytest.raises(psycopg.errors.lookup(sqlstate)):
            bench.write(*values)
        assert outcome_counts(bench, tenant_of(values[0])) == {}
    bench.database.close()
    assert rows_stored(bench.write(*values)) == 5
    assert outcome_counts(bench, tenant_of(values[0])) == {"stored": 5}


def test_row_that_times_out_is_never_dead_lettered(bench: Bench, message: MakeMessage) -> None:
    """The batch is halved until that row is alone, and then retried; the rows before it are stored already."""
    values = [message(event_type="chosen" if number == 2 else "t") for number in range(5)]
    with refusing(bench, "57014"), pytest.raises(psycopg.errors.QueryCanceled):
        bench.write(*values)
    assert outcome_counts(bench, tenant_of(values[0])) == {"stored": 2}
    # Whether it comes whole or, as the main loop reads it, from where the partition goes on.
    bench.write(*values)
    bench.write(*values[2:], start=2)
    assert outcome_counts(bench, tenant_of(values[0])) == {"stored": 5}


@pytest.mark.parametrize("sqlstate", ROWS)
def test_row_refused_for_its_value_is_dead_lettered_alone(bench: Bench, message: MakeMessage, sqlstate: str) -> None:
    """An error caused by a value dead-letters that row and no other."""
    values = [message(event_type="chosen" if number == 2 else "t") for number in range(5)]
    with refusing(bench, sqlstate):
        bench.write(*values)
    assert outcome_counts(bench, tenant_of(values[0])) == {"stored": 4, "dead": 1}


@pytest.mark.parametrize("sqlstate", ["40001", "40P01", "40003"])
def test_conflict_is_retried_at_once(bench: Bench, message: MakeMessage, sqlstate: str) -> None:
    """Deadlocks and serialization failures are retried without a log line, and nothing is split."""
    values = [message(event_type="chosen"), message()]
    with refusing(bench, sqlstate, times=3):
        write_result = bench.write(*values)
    assert (rows_stored(write_result), write_result.splits, write_result.next_offsets) == (2, 0, {0: 2})


def test_endless_conflict_is_an_outage(bench: Bench, message: MakeMessage) -> None:
    """Conflicts that never end are reported as a failure; the batch is kept."""
    value = message(event_type="chosen")
    with refusing(bench, "40001"), pytest.raises(UnavailableError, match="20 conflicts in a row"):
        bench.write(value)
    assert outcome_counts(bench, tenant_of(value)) == {}
    assert rows_stored(bench.write(value)) == 1


@pytest.mark.parametrize("sqlstate", OUTAGES)
def test_errors_of_the_server_are_outages(sqlstate: str) -> None:
    """The SQLSTATE decides, whichever class psycopg makes of it."""
    assert errors.classify_error(error_with(sqlstate)) is FailureKind.OUTAGE


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (error_with("57014"), FailureKind.TIMEOUT),
        (psycopg.OperationalError("the connection is lost"), FailureKind.OUTAGE),
        (psycopg.InterfaceError("the connection is closed"), FailureKind.OUTAGE),
        (psycopg.InternalError("no state"), FailureKind.OUTAGE),
        (UnavailableError("whatever"), FailureKind.OUTAGE),
        (RuntimeError("a mistake of ours"), FailureKind.OUTAGE),
        (psycopg.DataError("a NUL, found by the driver"), FailureKind.ROW_REFUSED),
        (UnicodeEncodeError("utf-8", "\ud800", 0, 1, "surrogates not allowed"), FailureKind.ROW_REFUSED),
        (psycopg.errors.LockNotAvailable(), FailureKind.LOCKED),
        (psycopg.errors.ObjectInUse(), FailureKind.OUTAGE),
        (psycopg.errors.DeadlockDetected(), FailureKind.CONFLICT),
        (psycopg.errors.SerializationFailure(), FailureKind.CONFLICT),
        *((error_with(state), FailureKind.ROW_REFUSED) for state in ROWS),
    ],
)
def test_errors_are_classified(error: Exception, expected: FailureKind) -> None:
    """In doubt an error is an outage."""
    assert errors.classify_error(error) is expected


def test_missing_partition_is_distinguished_from_a_constraint(bench: Bench) -> None:
    """A row without a partition and one that a constraint refuses have the same SQLSTATE."""
    insert = "INSERT INTO events VALUES (gen_random_uuid(), 't', 'e', 'k', 't', 1, now(), %s, now(), 's', '{}', null)"
    with pytest.raises(psycopg.errors.CheckViolation) as no_day:
        bench.connection.execute(insert, ["1990-01-01T00:00:00Z"])
    assert errors.is_missing_partition(no_day.value)
    with pytest.raises(psycopg.errors.CheckViolation) as constraint:
        bench.connection.execute("INSERT INTO throughput VALUES (now(), 't', 'none such', '', 0, 1)")
    assert not errors.is_missing_partition(constraint.value)
