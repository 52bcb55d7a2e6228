"""``event-platform up`` on external servers: it starts none, and leaves no traces however it ends."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import psycopg
import pytest
from tests.fixtures.ports import ReservePort
from tests.fixtures.processes import command_of
from tests.fixtures.shell import Shell
from tests.fixtures.timing import Promised
from tests.fixtures.waiting import DEADLINE_SECONDS, eventually

from event_platform.local.servers.ports import is_free
from event_platform.migrations.runner import LOCK_KEY

UP_SECONDS = 2 * DEADLINE_SECONDS
"""More than any start or end takes, on a busy machine too."""


def up(environment: dict[str, str], folder: Path, *options: str, **overrides: str) -> subprocess.Popen[str]:
    """Start ``event-platform up``."""
    return subprocess.Popen(
        [sys.executable, "-m", "event_platform.cli", "up", *options],
        cwd=folder,
        env=os.environ | environment | overrides,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def processes_of(environment: dict[str, str]) -> list[psutil.Process]:
    """All processes that run for this state directory."""
    found = []
    for process in psutil.process_iter():
        try:
            if process.environ().get("EVENT_PLATFORM_HOME") == environment["EVENT_PLATFORM_HOME"]:
                found.append(process)
        except psutil.Error:
            continue
    return found


@contextmanager
def migration_lock(environment: dict[str, str]) -> Iterator[Callable[[], bool]]:
    """Keep the platform from becoming ready; yield a function that tells whether its migration waits."""
    with psycopg.connect(environment["DATABASE_URL"], autocommit=True) as connection:
        connection.execute("SELECT pg_advisory_lock(%s)", [LOCK_KEY])

        def waits() -> bool:
            waiting = "SELECT FROM pg_locks WHERE (classid::int8 << 32 | objid::int8) = %s AND NOT granted"
            return connection.execute(waiting, [LOCK_KEY]).fetchone() is not None

        yield waits


@pytest.fixture(autouse=True)
def _nothing_is_left(environment: dict[str, str], tmp_path: Path) -> Iterator[None]:
    """Stop a platform that a failed test left running."""
    yield
    if processes_of(environment):
        command = [sys.executable, "-m", "event_platform.cli", "down"]
        subprocess.run(command, cwd=tmp_path, env=os.environ | environment, check=True, timeout=UP_SECONDS)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_foreground_ends_cleanly(
    environment: dict[str, str], tmp_path: Path, number: signal.Signals, reserve_port: ReservePort
) -> None:
    """Ctrl-C, SIGTERM or a closed terminal: exit status 0, and no process or port left."""
    ports = {name: reserve_port() for name in ("INGEST_PORT", "ADMIN_PORT", "PROCESSOR_PORT")}
    running = up(environment, tmp_path, **{name: str(port) for name, port in ports.items()})
    assert running.stdout
    printed = iter(running.stdout)
    assert any(line.startswith("curl ") for line in printed)
    commands = [command_of(process) for process in processes_of(environment)]
    assert {"ingest", "processor", "admin"} <= {command.rpartition(" ")[2] for command in commands}
    assert not any("kafka.Kafka" in command for command in commands)
    running.send_signal(number)
    _, errors = running.communicate(timeout=UP_SECONDS)
    assert running.returncode == 0, errors
    assert processes_of(environment) == []
    assert all(map(is_free, ports.values()))


def secret_files(environment: dict[str, str], folder: Path) -> dict[str, str]:
    """The same environment with each secret in a file of ``folder``; `.env` names that of `REDIS_URL`."""
    given = environment | {"ADMIN_TOKENS": "ops:0123456789abcdef"}
    secrets = ("DATABASE_URL", "ADMIN_DATABASE_URL", "REDIS_URL", "ADMIN_TOKENS")
    for name in secrets:
        (folder / name).write_text(f"{given[name]}\n")
    (folder / ".env").write_text(f"REDIS_URL_FILE={folder / 'REDIS_URL'}\n")
    others = {name: value for name, value in given.items() if name not in secrets}
    return others | {f"{name}_FILE": str(folder / name) for name in secrets if name != "REDIS_URL"}


def test_secrets_from_files(environment: dict[str, str], tmp_path: Path) -> None:
    """All processes accept them, and a service can be restarted with either form of one."""
    shell = Shell(tmp_path, secret_files(environment, tmp_path), UP_SECONDS)
    started = shell.run("up", "--detach")
    assert started.returncode == 0, started.stderr
    (tmp_path / "others").write_text("dev:fedcba9876543210")
    for change in ("ADMIN_TOKENS=dev:fedcba9876543210", f"ADMIN_TOKENS_FILE={tmp_path / 'others'}"):
        changed = shell.run("start", "admin", "--env", change)
        assert (changed.returncode, changed.stdout) == (0, "admin is ready\n"), changed.stderr
    before = shell.run("status", "--json").stdout
    refused = shell.run("start", "admin", "--env", "ADMIN_TOKENS_FILE=/nowhere")
    assert "ADMIN_TOKENS_FILE=/nowhere cannot be read" in refused.stderr
    assert shell.run("status", "--json").stdout == before
    assert shell.run("down").returncode == 0


def test_stopping_during_startup_leaves_nothing(environment: dict[str, str], tmp_path: Path) -> None:
    """A platform need not be ready to be stopped."""
    with migration_lock(environment) as waits:
        running = up(environment, tmp_path)
        eventually(waits, "the migration to wait")
        running.send_signal(signal.SIGTERM)
        _, errors = running.communicate(timeout=UP_SECONDS)
    assert running.returncode == 1, errors
    assert "stopped while starting" in errors
    assert processes_of(environment) == []


def test_a_taken_port_is_reported_in_one_sentence(environment: dict[str, str], tmp_path: Path) -> None:
    """It names the setting that moves the service, and nothing is left running."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        running = up(environment, tmp_path, "--detach", INGEST_PORT=str(taken.getsockname()[1]))
        out, errors = running.communicate(timeout=UP_SECONDS)
    assert out == ""
    assert errors.count("\n") == 1
    assert "set INGEST_PORT" in errors
    assert processes_of(environment) == []


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("KAFKA_BROKERS", "127.0.0.1:9"),
        ("DATABASE_URL", "postgresql://me@127.0.0.1:9/mine"),
        ("REDIS_URL", "redis://127.0.0.1:9/0"),
        ("API_KEYS_FILE", "/nowhere/keys"),
    ],
)
@pytest.mark.timing
def test_a_wrong_setting_is_named(
    environment: dict[str, str], tmp_path: Path, setting: str, value: str, promised: Promised
) -> None:
    """Within seconds, in one sentence, with nothing left running."""

    def seconds_until_named() -> float:
        started = time.monotonic()
        running = up(environment, tmp_path, "--detach", **{setting: value})
        _, errors = running.communicate(timeout=UP_SECONDS)
        assert running.returncode == 1
        assert errors.startswith(f"event-platform: {setting}")
        assert errors.count("\n") == 1
        assert processes_of(environment) == []
        return time.monotonic() - started

    promised.within(15, seconds_until_named)


def test_a_service_that_cannot_start_is_reported_with_its_log(environment: dict[str, str], tmp_path: Path) -> None:
    """The error ends with the end of its log, and everything that was started is stopped."""
    running = up(environment, tmp_path, "--detach", MAX_EVENT_BYTES="3000000")
    _, errors = running.communicate(timeout=UP_SECONDS)
    assert running.returncode == 1
    assert "MAX_EVENT_BYTES=3000000" in errors
    assert processes_of(environment) == []
