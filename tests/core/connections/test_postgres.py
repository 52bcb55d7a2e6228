"""Connections to Postgres: each has deadlines and fixed session settings, and passwords are never shown."""

from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from event_platform.core.connections import postgres
from event_platform.core.connections.postgres import PINNED_SETTINGS, ServerEncodingError, conninfo, conninfo_from_url
from event_platform.core.connections.sqlstate import is_outage
from event_platform.core.errors import ConfigurationError
from event_platform.core.settings.loading import load
from event_platform.core.settings.model import Settings


def test_connection_string_has_name_and_deadlines() -> None:
    """Every connection has its application name, and detects a dead server by itself."""
    given = load(_env_file=None, database_url="postgresql://u:p@h:1/d")
    fields = conninfo_to_dict(conninfo(given, "ep-admin", options="-c statement_timeout=1s"))
    assert fields["application_name"] == "ep-admin"
    assert fields["options"] == "-c statement_timeout=1s"
    assert {"connect_timeout", "keepalives_idle", "tcp_user_timeout"} <= fields.keys()
    assert (fields["user"], fields["host"], fields["port"], fields["dbname"]) == ("u", "h", "1", "d")


def test_missing_url_is_an_error() -> None:
    """Without `DATABASE_URL` the error names it and the command that starts a server."""
    with pytest.raises(ConfigurationError, match=r"DATABASE_URL is not set.*event-platform up"):
        conninfo(load(_env_file=None, database_url=None), "x")


def test_unreadable_url_hides_its_password() -> None:
    """The error for a URL that libpq cannot parse does not quote it."""
    with pytest.raises(ConfigurationError, match=r"DATABASE_URL: expected postgresql://") as raised:
        conninfo_from_url("postgresql://u:hunter2@h:1:2/d?x", "x")
    assert "hunter2" not in str(raised.value)
    assert raised.value.__suppress_context__


def test_real_server_answers(settings: Settings) -> None:
    """The connection string works against the real server."""
    with psycopg.connect(conninfo(settings, "ep-test")) as connection:
        assert connection.execute("SELECT current_setting('application_name')").fetchone() == ("ep-test",)


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


def test_sessions_inherit_no_setting_that_matters(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """Environment and URL do not change the pinned settings; the session keeps all others that they set."""
    for name, value in FOREIGN_ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    given = make_conninfo(conninfo(settings, "ep-test"), options=FOREIGN_OPTIONS)
    with postgres.connect(given, statement_timeout="9s") as connection:
        found = _values(connection, iter([*PINNED_SETTINGS, "work_mem"]))
    # What this version of Postgres does not know is left out.
    expected = {**PINNED_SETTINGS, "statement_timeout": "9s", "work_mem": "7MB"}
    assert found == {name: expected[name] for name in found}
    assert len(found) >= len(PINNED_SETTINGS)


def test_database_with_another_encoding_is_refused(foreign_database: tuple[str, str]) -> None:
    """The error names the encoding and says what to do."""
    url, encoding = foreign_database
    with pytest.raises(ServerEncodingError, match=rf"has the encoding {encoding}.*CREATE DATABASE … ENCODING 'UTF8'"):
        postgres.connect(conninfo_from_url(url, "ep-test"))


def test_server_that_is_stuck_while_a_session_starts_is_an_outage(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The deadline also holds after the server has accepted the connection."""
    monkeypatch.setattr(postgres, "CONNECT_TIMEOUT_SECONDS", 1)
    monkeypatch.setattr(postgres, "_PIN_SETTINGS", "SELECT pg_sleep(30), %s::text[], %s::text[]")
    with pytest.raises(psycopg.OperationalError) as raised:
        postgres.connect(conninfo(settings, "ep-test"))
    assert is_outage(raised.value)


def test_no_other_module_connects() -> None:
    """All connections are opened in one module, so all have its settings."""
    source = Path(postgres.__file__).parents[2]
    places = [path for path in source.rglob("*.py") if "psycopg.connect(" in path.read_text("utf-8")]
    assert places == [Path(postgres.__file__)]
