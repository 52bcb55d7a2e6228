"""Applies ``V<number>__<name>.sql`` in order: each once, in one transaction, and never two runs at a time."""

import hashlib
import re
from dataclasses import dataclass
from importlib import resources
from importlib.resources.abc import Traversable

import psycopg
from psycopg import sql

from event_platform.core.connections import postgres
from event_platform.core.errors import ConfigurationError, UnavailableError

_FILE_NAME = re.compile(r"V([1-9][0-9]*)__[a-z0-9_]+\.sql")

LOCK_KEY = 7_264_917_305_118_402
"""The advisory lock that a run holds; any number that nobody else uses."""

LOCK_WAIT_SECONDS = 60

OLDEST_SERVER_VERSION = 160_000
"""As libpq counts; 16 has ``pg_input_is_valid``, by which the processor finds unreadable payloads."""

_LEDGER = """
CREATE TABLE IF NOT EXISTS schema_migrations (
    version    integer     PRIMARY KEY,
    name       text        NOT NULL,
    checksum   text        NOT NULL,
    applied_at timestamptz NOT NULL DEFAULT now()
)"""


@dataclass(frozen=True)
class Migration:
    """One file."""

    version: int
    name: str
    statements: str

    @property
    def checksum(self) -> str:
        """SHA-256 of the text; how its lines end does not count."""
        return hashlib.sha256(self.statements.encode()).hexdigest()


def migrate(conninfo: str, folder: Traversable | None = None) -> list[str]:
    """Bring the database at ``conninfo`` to this version's schema.

    Args:
        conninfo: A libpq URL or connection string.
        folder: Where the files lie, if not in this package.

    Returns:
        Names of the files applied now; empty where nothing was to do.

    Raises:
        ConfigurationError: An applied file was edited, or the database is newer than this version, or not in UTF-8.
        UnavailableError: Postgres does not answer, or another run holds the lock for longer than a minute.
    """
    known = read_folder(folder or resources.files(__package__))
    ours = postgres.conninfo_from_url(conninfo, "event-platform-migrate")
    try:
        with postgres.connect(ours, lock_timeout=f"{LOCK_WAIT_SECONDS}s") as one:
            _check_version(one.info.server_version)
            one.execute("SELECT pg_advisory_lock(%s)", [LOCK_KEY])
            return _apply_missing(one, known)
    except postgres.ServerEncodingError as error:
        raise ConfigurationError(f"DATABASE_URL: {error}") from error
    except psycopg.OperationalError as error:
        raise UnavailableError(f"migrating the database: {error}") from error
    except psycopg.errors.InsufficientPrivilege as error:
        raise ConfigurationError(f"migrating the database needs a role that may create tables: {error}") from error


def _check_version(server_version: int) -> None:
    if server_version < OLDEST_SERVER_VERSION:
        raise ConfigurationError(f"Postgres {server_version // 10_000} is too old: 16 or later is needed")


def read_folder(folder: Traversable) -> list[Migration]:
    """The migrations in ``folder``, in the order of their numbers.

    Raises:
        ConfigurationError: A file of SQL is misnamed, or two have one number.
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


def _apply_missing(connection: postgres.Connection, known: list[Migration]) -> list[str]:
    connection.execute(_LEDGER)
    rows = connection.execute("SELECT version, name, checksum FROM schema_migrations ORDER BY version").fetchall()
    missing = missing_of(known, [(int(version), str(name), str(checksum)) for version, name, checksum in rows])
    for migration in missing:
        _apply(connection, migration)
    return [migration.name for migration in missing]


def missing_of(known: list[Migration], applied: list[tuple[int, str, str]]) -> list[Migration]:
    """Which of ``known`` are still to be applied, given ``(version, name, checksum)`` of those that were.

    Raises:
        ConfigurationError: An applied one is unknown here, was edited, or is newer than one still to be applied.
    """
    by_version = {migration.version: migration for migration in known}
    for version, name, checksum in applied:
        if version not in by_version:
            raise ConfigurationError(f"the database has migration {name}, which this version lacks: run a newer one")
        if by_version[version].checksum != checksum:
            raise ConfigurationError(
                f"migration {name} was edited after it was applied: restore the file and put the change into a new one"
            )
    newest = max((version for version, _, _ in applied), default=0)
    missing = [migration for migration in known if migration.version not in {version for version, _, _ in applied}]
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
