"""Connections to Postgres: deadlines on all, passwords never shown, outages told from bad rows."""

from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg import errors
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from event_platform.core.connections import postgres
from event_platform.core.connections.postgres import PINNED_SETTINGS, ServerEncodingError, conninfo, conninfo_from_url
from event_platform.core.connections.sqlstate import is_conflict, is_outage
from event_platform.core.errors import ConfigurationError
from event_platform.core.settings.declaration import Settings
from event_platform.core.settings.loading import load


def test_connection_has_name_and_deadlines() -> None:
    """Every connection names its owner and notices a dead server by itself."""
    given = load(_env_file=None, database_url="postgresql://u:p@h:1/d")
    fields = conninfo_to_dict(conninfo(given, "ep-admin", options="-c statement_timeout=1s"))
    assert fields["application_name"] == "ep-admin"
    assert fields["options"] == "-c statement_timeout=1s"
    assert {"connect_timeout", "keepalives_idle", "tcp_user_timeout"} <= fields.keys()
    assert (fields["user"], fields["host"], fields["port"], fields["dbname"]) == ("u", "h", "1", "d")


def test_missing_url_says_what_to_do() -> None:
    """Without `DATABASE_URL` the error names it and the command that starts a server."""
    with pytest.raises(ConfigurationError, match=r"DATABASE_URL is not set.*event-platform up"):
        conninfo(load(_env_file=None, database_url=None), "x")


def test_unreadable_url_hides_its_password() -> None:
    """A URL that libpq cannot read is refused without being quoted."""
    with pytest.raises(ConfigurationError, match=r"DATABASE_URL: expected postgresql://") as raised:
        conninfo_from_url("postgresql://u:hunter2@h:1:2/d?x", "x")
    assert "hunter2" not in str(raised.value)
    assert raised.value.__suppress_context__


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
def test_outages_are_the_servers(kind: type[psycopg.Error]) -> None:
    """What waiting or an operator can mend is an outage, and never costs an event."""
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
def test_values_are_no_outage(kind: type[psycopg.Error]) -> None:
    """What a row's own value causes is no outage: waiting would block the next row for ever."""
    assert not is_outage(kind("no"))


@pytest.mark.parametrize("kind", [errors.DeadlockDetected, errors.SerializationFailure])
def test_what_others_do_meanwhile_is_a_conflict(kind: type[psycopg.Error]) -> None:
    """Nothing is wrong with the server or the value: the same work, done again, succeeds."""
    assert is_conflict(kind("no"))
    assert not is_conflict(errors.UniqueViolation("no"))
    assert not is_conflict(psycopg.OperationalError("no"))


def test_real_server_answers(settings: Settings) -> None:
    """The connection string works against the real server."""
    with psycopg.connect(conninfo(settings, "ep-test")) as connection:
        assert connection.execute("SELECT current_setting('application_name')").fetchone() == ("ep-test",)


def test_real_errors_are_told_apart(settings: Settings) -> None:
    """A missing table is the schema's fault, a bad value the row's, as the real server reports them."""
    with psycopg.connect(conninfo(settings, "ep-test"), autocommit=True) as connection:
        with pytest.raises(psycopg.Error) as missing:
            connection.execute("SELECT * FROM nowhere")
        with pytest.raises(psycopg.Error) as bad:
            connection.execute("SELECT '\\u0000'::text::jsonb, '\"\\u0000\"'::jsonb")
    assert is_outage(missing.value)
    assert not is_outage(bad.value)


def test_refused_connection_is_an_outage() -> None:
    """A server that is not there is an outage."""
    with pytest.raises(psycopg.OperationalError) as raised:
        psycopg.connect(conninfo_from_url("postgresql://u:p@127.0.0.1:1/d", "x"))
    assert is_outage(raised.value)


FOREIGN_ENVIRONMENT = {
    "PGCLIENTENCODING": "LATIN1",
    "PGDATESTYLE": "German, DMY",
    "PGTZ": "Asia/Kathmandu",
    "PGOPTIONS": "-c bytea_output=escape -c statement_timeout=7s",
}
FOREIGN_OPTIONS = (
    "-c IntervalStyle=iso_8601 -c lock_timeout=7s -c work_mem=7MB -c default_transaction_isolation=serializable"
)


def _values(connection: psycopg.Connection, names: Iterator[str]) -> dict[str, str]:
    rows = connection.execute("SELECT name, current_setting(name, true) FROM unnest(%s::text[]) AS name", [[*names]])
    return {str(name): str(value) for name, value in rows if value is not None}


def test_no_session_inherits_what_matters(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever environment and URL say, each session has our settings, and keeps the others that it was given."""
    for name, value in FOREIGN_ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    given = make_conninfo(conninfo(settings, "ep-test"), options=FOREIGN_OPTIONS)
    with postgres.connect(given, statement_timeout="9s") as connection:
        found = _values(connection, iter([*PINNED_SETTINGS, "work_mem"]))
    # What this version of Postgres does not know is left out.
    expected = {**PINNED_SETTINGS, "statement_timeout": "9s", "work_mem": "7MB"}
    assert found == {name: expected[name] for name in found}
    assert len(found) >= len(PINNED_SETTINGS)


def test_a_database_that_cannot_hold_every_text_is_refused(foreign_database: tuple[str, str]) -> None:
    """In a sentence that names the encoding and says what to do."""
    url, encoding = foreign_database
    with pytest.raises(ServerEncodingError, match=rf"has the encoding {encoding}.*CREATE DATABASE … ENCODING 'UTF8'"):
        postgres.connect(conninfo_from_url(url, "ep-test"))


def test_a_server_that_hangs_while_a_session_begins_is_an_outage(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also after it has let us in, its answer is not waited for for ever."""
    monkeypatch.setattr(postgres, "CONNECT_TIMEOUT_SECONDS", 1)
    monkeypatch.setattr(postgres, "_PIN_SETTINGS", "SELECT pg_sleep(30), %s::text[], %s::text[]")
    with pytest.raises(psycopg.OperationalError) as raised:
        postgres.connect(conninfo(settings, "ep-test"))
    assert is_outage(raised.value)


def test_no_other_place_connects() -> None:
    """Only here are connections made, so that none of them is without these settings."""
    source = Path(postgres.__file__).parents[2]
    places = [path for path in source.rglob("*.py") if "psycopg.connect(" in path.read_text("utf-8")]
    assert places == [Path(postgres.__file__)]
