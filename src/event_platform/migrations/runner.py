"""Applies the files ``V<number>__<name>.sql`` in order: each once, in its own transaction, one run at a time."""

import hashlib
import re
from dataclasses import dataclass
from importlib import resources
from importlib.resources.abc import Traversable
from typing import Final

import psycopg
from psycopg import sql

from event_platform.core.connections import postgres
from event_platform.core.errors import ConfigurationError, UnavailableError

_FILE_NAME: Final = re.compile(r"V([1-9][0-9]*)__[a-z0-9_]+\.sql")

LOCK_KEY: Final = 7_264_917_305_118_402
"""The advisory lock that a run holds; an arbitrary number, different from all our other locks."""

LOCK_TIMEOUT_SECONDS: Final = 60

MIN_SERVER_VERSION: Final = 160_000
"""In libpq's form; the processor needs ``pg_input_is_valid``, which is new in 16."""

_CREATE_HISTORY: Final = """
CREATE TABLE IF NOT EXISTS schema_migrations (
    version    integer     PRIMARY KEY,
    name       text        NOT NULL,
    checksum   text        NOT NULL,
    applied_at timestamptz NOT NULL DEFAULT now()
)"""


@dataclass(frozen=True, slots=True)
class Migration:
    """A migration file."""

    version: int
    name: str
    statements: str

    @property
    def checksum(self) -> str:
        """SHA-256 of the statements, independent of line endings."""
        return hashlib.sha256(self.statements.encode()).hexdigest()


def migrate(conninfo: str, folder: Traversable | None = None) -> list[str]:
    """Apply all migrations that the database at ``conninfo`` does not have yet.

    Args:
        conninfo: A libpq URL or connection string.
        folder: The folder of the files; this package by default.

    Returns:
        Names of the files that were applied now.

    Raises:
        ConfigurationError: An applied file was edited, the database is newer than this version or not in UTF-8, or
            the role may not create tables.
        UnavailableError: Postgres does not answer, or another run holds the lock for longer than a minute.
    """
    migrations = read_folder(folder or resources.files(__package__))
    own_conninfo = postgres.conninfo_from_url(conninfo, "event-platform-migrate")
    try:
        with postgres.connect(own_conninfo, lock_timeout=f"{LOCK_TIMEOUT_SECONDS}s") as connection:
            _check_version(connection.info.server_version)
            connection.execute("SELECT pg_advisory_lock(%s)", [LOCK_KEY])
            return _apply_missing(connection, migrations)
    except postgres.ServerEncodingError as error:
        raise ConfigurationError(f"DATABASE_URL: {error}") from error
    except psycopg.OperationalError as error:
        raise UnavailableError(f"migrating the database: {error}") from error
    except psycopg.errors.InsufficientPrivilege as error:
        raise ConfigurationError(f"migrating the database needs a role that may create tables: {error}") from error


def _check_version(server_version: int) -> None:
    if server_version < MIN_SERVER_VERSION:
        raise ConfigurationError(f"Postgres {server_version // 10_000} is too old: 16 or later is needed")


def read_folder(folder: Traversable) -> list[Migration]:
    """The migrations in ``folder``, in the order of their numbers.

    Raises:
        ConfigurationError: A file ``*.sql`` is misnamed, or two have the same number.
    """
    found: dict[int, Migration] = {}
    for file in folder.iterdir():
        if file.name.endswith(".sql"):
            migration = _read(file)
            other = found.setdefault(migration.version, migration)
            if other is not migration:
                raise ConfigurationError(f"migrations {other.name} and {migration.name} have the same number")
    return [found[version] for version in sorted(found)]


def _read(file: Traversable) -> Migration:
    match = _FILE_NAME.fullmatch(file.name)
    if match is None:
        raise ConfigurationError(f"migration {file.name}: expected a name like V2__what_changes.sql")
    return Migration(int(match[1]), file.name, file.read_text("utf-8"))


def _apply_missing(connection: postgres.Connection, migrations: list[Migration]) -> list[str]:
    connection.execute(_CREATE_HISTORY)
    rows = connection.execute("SELECT version, name, checksum FROM schema_migrations ORDER BY version").fetchall()
    missing = find_missing(migrations, [(int(version), str(name), str(checksum)) for version, name, checksum in rows])
    for migration in missing:
        _apply(connection, migration)
    return [migration.name for migration in missing]


def find_missing(migrations: list[Migration], applied: list[tuple[int, str, str]]) -> list[Migration]:
    """The migrations still to be applied, given ``(version, name, checksum)`` of the applied ones.

    Raises:
        ConfigurationError: An applied one is not among ``migrations``, was edited, or is newer than a missing one.
    """
    by_version = {migration.version: migration for migration in migrations}
    for version, name, checksum in applied:
        if version not in by_version:
            raise ConfigurationError(f"the database has migration {name}, which this version lacks: run a newer one")
        if by_version[version].checksum != checksum:
            raise ConfigurationError(
                f"migration {name} was edited after it was applied: restore the file and put the change into a new one"
            )
    newest = max((version for version, _, _ in applied), default=0)
    missing = [migration for migration in migrations if migration.version not in {version for version, _, _ in applied}]
    for migration in missing:
        if migration.version < newest:
            raise ConfigurationError(
                f"migration {migration.name} comes before one already applied: give it a new number"
            )
    return missing


def _apply(connection: postgres.Connection, migration: Migration) -> None:
    with connection.transaction():
        connection.execute(sql.SQL(migration.statements))
        connection.execute(
            "INSERT INTO schema_migrations (version, name, checksum) VALUES (%s, %s, %s)",
            [migration.version, migration.name, migration.checksum],
        )
