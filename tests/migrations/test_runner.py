"""Migrations: each is applied once, in order, by one run at a time, and never to a database that does not fit."""

import threading
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime
from importlib import resources
from pathlib import Path

import psycopg
import pytest
from psycopg import sql
from tests.fixtures.servers import RunningServers

from event_platform import migrations
from event_platform.core.errors import ConfigurationError, UnavailableError
from event_platform.migrations.runner import migrate


@pytest.fixture
def database(servers: RunningServers) -> Iterator[str]:
    """The URL of an empty database."""
    name = f"migrations_{uuid.uuid4().hex[:8]}"
    with psycopg.connect(servers.database_url, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}".encode())
        yield f"{servers.database_url.rsplit('/', 1)[0]}/{name}"
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two migrations."""
    (tmp_path / "V1__one.sql").write_text("CREATE TABLE one (a integer); INSERT INTO one VALUES (1);")
    (tmp_path / "V2__two.sql").write_text("ALTER TABLE one ADD COLUMN b text DEFAULT '100%';")
    return tmp_path


def test_packaged_schema_is_applied_once(database: str) -> None:
    """The first run applies every packaged file, the second none."""
    assert migrate(database) == [
        "V1__init.sql",
        "V2__event_counts_daily.sql",
        "V3__leader_epochs.sql",
        "V4__other_types.sql",
    ]
    assert migrate(database) == []


def test_daily_counts_are_summed_from_hourly_ones(database: str, tmp_path: Path) -> None:
    """A database that has hourly counts gets daily ones, by UTC day whatever the server's time zone."""
    first = resources.files(migrations) / "V1__init.sql"
    (tmp_path / first.name).write_text(first.read_text("utf-8"), "utf-8")
    migrate(database, tmp_path)
    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute(
            "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET timezone = 9', current_database()); END $$"
        )
        connection.execute(
            "INSERT INTO event_counts_hourly VALUES ('2026-01-01T00:00Z', 't', 'login', 0, 1), "
            "('2026-01-01T23:00Z', 't', 'login', 0, 2), ('2026-01-02T00:00Z', 't', 'login', 0, 4)"
        )
        migrate(database)
        days = connection.execute("SELECT day, n FROM event_counts_daily ORDER BY day").fetchall()
    assert days == [(datetime(2026, 1, 1, tzinfo=UTC), 3), (datetime(2026, 1, 2, tzinfo=UTC), 4)]


def test_leader_epochs_are_added_to_existing_rows(database: str, tmp_path: Path) -> None:
    """Existing rows get an unknown epoch; negative numbers, which were never offsets, are deleted."""
    for file in ("V1__init.sql", "V2__event_counts_daily.sql"):
        (tmp_path / file).write_text((resources.files(migrations) / file).read_text("utf-8"), "utf-8")
    migrate(database, tmp_path)
    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute("INSERT INTO consumer_progress VALUES ('t', 'id', 0, 7), ('t', 'id', 1, -1001)")
        connection.execute(
            "INSERT INTO progress_gaps VALUES ('t', 'id', 0, 0, 7, now()), ('t', 'id', 1, -1001, 3, now())"
        )
        connection.execute(
            "INSERT INTO dlq_events (failed_at, code, reason, source_topic, source_topic_id, source_partition, "
            "source_offset) VALUES (now(), 'C', 'r', 't', 'id', 0, 3)"
        )
        assert "V3__leader_epochs.sql" in migrate(database)
        positions = connection.execute("SELECT partition, next_offset, leader_epoch FROM consumer_progress").fetchall()
        gaps = connection.execute("SELECT partition, from_offset, to_offset FROM progress_gaps").fetchall()
        letters = connection.execute("SELECT source_offset, source_leader_epoch FROM dlq_events").fetchall()
        with pytest.raises(psycopg.errors.CheckViolation):
            connection.execute("UPDATE consumer_progress SET next_offset = -1001")
    assert (positions, gaps, letters) == ([(0, 7, -1)], [(0, 0, 7)], [(3, -1)])


def test_sum_of_other_types_is_renamed(database: str, tmp_path: Path) -> None:
    """Counts of other types keep their numbers under the new name."""
    for file in ("V1__init.sql", "V2__event_counts_daily.sql", "V3__leader_epochs.sql"):
        (tmp_path / file).write_text((resources.files(migrations) / file).read_text("utf-8"), "utf-8")
    migrate(database, tmp_path)
    tables = ("event_counts", "event_counts_hourly", "event_counts_daily")
    with psycopg.connect(database, autocommit=True) as connection:
        for table in map(sql.Identifier, tables):
            statement = sql.SQL("INSERT INTO {} VALUES (now(), 't', '(other)', 0, 7), (now(), 't', 'a', 0, 1)")
            connection.execute(statement.format(table))
        migrate(database)
        for table in map(sql.Identifier, tables):
            counted = sql.SQL("SELECT event_type, n FROM {} ORDER BY 1").format(table)
            found = connection.execute(counted).fetchall()
            assert found == [("", 7), ("a", 1)]


def test_files_are_applied_in_numeric_order(database: str, folder: Path) -> None:
    """Number ten comes after nine."""
    (folder / "V10__ten.sql").write_text("ALTER TABLE nine RENAME TO ten;")
    (folder / "V9__nine.sql").write_text("CREATE TABLE nine ();")
    assert migrate(database, folder) == ["V1__one.sql", "V2__two.sql", "V9__nine.sql", "V10__ten.sql"]


def test_edited_file_is_refused(database: str, folder: Path) -> None:
    """An applied file may not change, and the error says what to do."""
    migrate(database, folder)
    edited = folder / "V1__one.sql"
    edited.write_bytes(edited.read_bytes() + b"\n-- harmless?\n")
    with pytest.raises(ConfigurationError, match=r"V1__one.sql was edited after it was applied: restore the file"):
        migrate(database, folder)


def test_line_endings_do_not_count(database: str, folder: Path) -> None:
    """A checkout with other line endings is the same file."""
    file = folder / "V1__one.sql"
    file.write_bytes(b"CREATE TABLE one (\na integer);")
    migrate(database, folder)
    file.write_bytes(b"CREATE TABLE one (\r\na integer);")
    assert migrate(database, folder) == []


def test_newer_database_is_refused(database: str, folder: Path) -> None:
    """An older version of the code does not touch a newer database."""
    migrate(database, folder)
    (folder / "V2__two.sql").unlink()
    with pytest.raises(ConfigurationError, match=r"V2__two.sql, which this version lacks"):
        migrate(database, folder)


def test_late_file_is_refused(database: str, folder: Path) -> None:
    """A new file may not come before one that was applied."""
    (folder / "V1__one.sql").rename(folder / "V3__one.sql")
    (folder / "V2__two.sql").write_text("SELECT 1;")
    migrate(database, folder)
    (folder / "V1__late.sql").write_text("SELECT 1;")
    with pytest.raises(ConfigurationError, match="give it a new number"):
        migrate(database, folder)


@pytest.mark.parametrize("name", ["init.sql", "V0__zero.sql", "V1_one.sql", "V02__two.sql"])
def test_misnamed_file_is_refused(folder: Path, database: str, name: str) -> None:
    """A file that would otherwise be left out silently is an error."""
    (folder / name).write_text("SELECT 1;")
    with pytest.raises(ConfigurationError, match="expected a name like"):
        migrate(database, folder)


def test_failing_file_leaves_nothing(database: str, folder: Path) -> None:
    """A file is applied as a whole or not at all; those before it stay, and the next run continues."""
    broken = folder / "V2__two.sql"
    broken.write_text("CREATE TABLE half (); SELECT 1/0;")
    with pytest.raises(psycopg.errors.DivisionByZero):
        migrate(database, folder)
    broken.write_text("CREATE TABLE half ();")
    assert migrate(database, folder) == ["V2__two.sql"]


def test_concurrent_runs_apply_each_file_once(database: str, folder: Path) -> None:
    """Services that start at the same time wait for each other."""
    (folder / "V3__slow.sql").write_text("SELECT pg_sleep(0.5); CREATE TABLE three ();")
    applied: list[str] = []
    threads = [threading.Thread(target=lambda: applied.extend(migrate(database, folder))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert applied == ["V1__one.sql", "V2__two.sql", "V3__slow.sql"]


def test_absent_server_is_unavailable() -> None:
    """A missing server is an outage, reported in one sentence."""
    with pytest.raises(UnavailableError, match="migrating the database"):
        migrate("postgresql://nobody@127.0.0.1:1/none")


def test_database_with_another_encoding_is_refused(foreign_database: tuple[str, str]) -> None:
    """Nothing is created in it, and the error says what to do."""
    url, encoding = foreign_database
    with pytest.raises(ConfigurationError, match=rf"DATABASE_URL: .* has the encoding {encoding}.*CREATE DATABASE"):
        migrate(url)
    with psycopg.connect(url) as connection:
        assert connection.execute("SELECT to_regclass('schema_migrations')").fetchone() == (None,)
