"""The cause of an error of Postgres, by SQLSTATE and as the real server reports it."""

import psycopg
import pytest
from psycopg import errors

from event_platform.core.connections.postgres import conninfo, conninfo_from_url
from event_platform.core.connections.sqlstate import Cause, cause_of, is_conflict, is_outage
from event_platform.core.settings.model import Settings

CAUSES = {
    Cause.SERVER: (
        *("08000", "08006", "25006", "28000", "28P01", "3D000", "42501", "42703", "42804", "42P01", "53000", "53100"),
        *("53200", "53300", "53400", "55000", "55006", "57P01", "57P02", "57P03", "58030"),
    ),
    Cause.ROW: ("22P05", "22003", "23502", "23505", "23514", "54000", "54001"),
    Cause.CONFLICT: ("40001", "40P01", "40003"),
    Cause.TIMEOUT: ("57014",),
    Cause.LOCKED: ("55P03",),
    Cause.UNKNOWN: ("0A000", "3F000", "F0000", "P0001", "XX000", "XX001"),
}


@pytest.mark.parametrize(
    ("sqlstate", "cause"), [(sqlstate, cause) for cause, sqlstates in CAUSES.items() for sqlstate in sqlstates]
)
def test_cause_of_a_sqlstate(sqlstate: str, cause: Cause) -> None:
    """Only a value's own errors are a row's; only errors that waiting resolves are an outage."""
    error = errors.lookup(sqlstate)("provoked")
    assert cause_of(error) is cause
    assert is_conflict(error) is (cause is Cause.CONFLICT)
    assert is_outage(error) is (cause in {Cause.SERVER, Cause.TIMEOUT, Cause.LOCKED})


@pytest.mark.parametrize(
    ("error", "cause"),
    [
        (psycopg.OperationalError("the connection is lost"), Cause.SERVER),
        (psycopg.InterfaceError("the connection is closed"), Cause.SERVER),
        (psycopg.DataError("NUL in text"), Cause.ROW),
        (UnicodeEncodeError("utf-8", "\ud800", 0, 1, "a surrogate"), Cause.ROW),
        (psycopg.ProgrammingError("a wrong statement"), Cause.UNKNOWN),
        (psycopg.NotSupportedError("not in a pipeline"), Cause.UNKNOWN),
        (ValueError("anything else"), Cause.UNKNOWN),
    ],
)
def test_cause_without_a_sqlstate(error: Exception, cause: Cause) -> None:
    """Psycopg and Python raise some errors themselves, before or without an answer of the server."""
    assert cause_of(error) is cause


@pytest.mark.parametrize(
    "kind",
    [
        errors.AdminShutdown,
        errors.CannotConnectNow,
        errors.ConnectionFailure,
        errors.DiskFull,
        errors.TooManyConnections,
        errors.QueryCanceled,
        errors.LockNotAvailable,
        errors.ReadOnlySqlTransaction,
        errors.UndefinedTable,
        errors.InsufficientPrivilege,
        errors.InvalidPassword,
        errors.InvalidCatalogName,
        errors.IoError,
        psycopg.OperationalError,
        psycopg.InterfaceError,
    ],
)
def test_error_of_the_server_is_an_outage(kind: type[psycopg.Error]) -> None:
    """An error that waiting or an operator can resolve is an outage, and never costs an event."""
    assert is_outage(kind("no"))


@pytest.mark.parametrize(
    "kind",
    [
        errors.UniqueViolation,
        errors.InvalidTextRepresentation,
        errors.UntranslatableCharacter,
        errors.NumericValueOutOfRange,
        errors.ProgramLimitExceeded,
        errors.DeadlockDetected,
        psycopg.DataError,
    ],
)
def test_error_of_a_value_is_no_outage(kind: type[psycopg.Error]) -> None:
    """If a row's own value counted as an outage, waiting would block the next row for ever."""
    assert not is_outage(kind("no"))


@pytest.mark.parametrize("kind", [errors.DeadlockDetected, errors.SerializationFailure])
def test_error_of_a_concurrent_transaction_is_a_conflict(kind: type[psycopg.Error]) -> None:
    """Neither the server nor the value is wrong: the same work succeeds when it is repeated."""
    assert is_conflict(kind("no"))
    assert not is_conflict(errors.UniqueViolation("no"))
    assert not is_conflict(psycopg.OperationalError("no"))


def test_errors_of_the_real_server(settings: Settings) -> None:
    """The real server reports a missing table as an error of the schema, and a bad value as one of the row."""
    with psycopg.connect(conninfo(settings, "ep-test"), autocommit=True) as connection:
        with pytest.raises(psycopg.Error) as missing:
            connection.execute("SELECT * FROM nowhere")
        with pytest.raises(psycopg.Error) as bad:
            connection.execute("SELECT '\\u0000'::text::jsonb, '\"\\u0000\"'::jsonb")
    assert is_outage(missing.value)
    assert not is_outage(bad.value)


def test_refused_connection_is_an_outage() -> None:
    """A port on which nothing listens is an outage."""
    with pytest.raises(psycopg.OperationalError) as raised:
        psycopg.connect(conninfo_from_url("postgresql://u:p@127.0.0.1:1/d", "x"))
    assert is_outage(raised.value)
