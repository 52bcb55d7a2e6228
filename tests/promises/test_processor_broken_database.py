"""P4: a Postgres that refuses is retried; no good event becomes a dead letter, whatever the error.

One processor lives through all of it: it stays a member of its group, red with the reason, and heals alone.
"""

import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import psycopg
import pytest
from tests.fixtures.raw_topic import RawTopic
from tests.fixtures.servers import RunningServers
from tests.fixtures.services import RunService, Service
from tests.fixtures.waiting import DEADLINE_SECONDS, eventually
from tests.promises.test_processor_outage import assert_healed, sending

from event_platform.admin.lag.group_members import parse_assignment
from event_platform.core.connections import kafka

SMALL_DISK_BYTES = 8_000_000

# `now`: the full disk is that of today's rows.
pytestmark = pytest.mark.usefixtures("loud_outages", "now")


@dataclass
class Operator:
    """A superuser of the module's database."""

    servers: RunningServers
    url: str

    def execute(self, statement: str) -> list[tuple[object, ...]]:
        """Execute a statement; return its rows, if it has any."""
        with psycopg.connect(self.url, autocommit=True) as connection:
            cursor = connection.execute(statement.encode())
            return cursor.fetchall() if cursor.description else []

    def end_sessions(self) -> None:
        """End all sessions, because they keep the rights and settings that they began with."""
        self.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE application_name = 'event-platform-processor' AND datname = current_database()"
        )


@pytest.fixture(scope="module")
def operator(servers: RunningServers, environment: dict[str, str]) -> Operator:
    """A superuser."""
    name = environment["DATABASE_URL"].rsplit("/", 1)[1]
    return Operator(servers, servers.database_url.rsplit("/", 1)[0] + f"/{name}")


@pytest.fixture(scope="module")
def processor(run_service_for_module: RunService) -> Service:
    """One processor for all faults of this module."""
    return run_service_for_module("processor")


def _statements(breaks: str, mends: str) -> Callable[[Operator], AbstractContextManager[None]]:
    @contextmanager
    def broken(operator: Operator) -> Iterator[None]:
        operator.execute(breaks)
        operator.end_sessions()
        try:
            yield
        finally:
            operator.execute(mends)
            operator.end_sessions()

    return broken


@contextmanager
def _shut_down(operator: Operator) -> Iterator[None]:
    """Stop Postgres, as an administrator does before an upgrade."""
    pid = operator.servers.pid("postgres")
    os.kill(pid, signal.SIGINT)
    try:
        yield
    finally:
        operator.servers.await_end("postgres")
        operator.servers.start("postgres")


@contextmanager
def _full_disk(operator: Operator) -> Iterator[None]:
    """Move today's rows to a full disk; without the right to mount one, a trigger raises its error."""
    folder = Path(tempfile.mkdtemp(prefix="event-platform-small-", dir=_folder_for_all()))
    needed = operator.execute(f"SELECT pg_table_size('{_today(operator)}') + {SMALL_DISK_BYTES}")[0][0]
    mount = ["mount", "-t", "tmpfs", "-o", f"size={needed},mode=0777", "tmpfs", str(folder)]
    may_mount = os.getuid() == 0 and subprocess.run(mount, check=False).returncode == 0
    try:
        with _filled_disk(operator, folder) if may_mount else _refusing_trigger(operator):
            yield
    finally:
        if may_mount:
            subprocess.run(["umount", "--lazy", str(folder)], check=True)
        shutil.rmtree(folder, ignore_errors=True)


def _folder_for_all() -> str:
    # pytest's own folders are closed to Postgres' user.
    return "/var/tmp" if Path("/var/tmp").is_dir() else tempfile.gettempdir()  # noqa: S108 - the folder has a random name


def _today(operator: Operator) -> str:
    return str(operator.execute("SELECT to_char(now(), '\"events_\"YYYY_MM_DD')")[0][0])


@contextmanager
def _filled_disk(operator: Operator, folder: Path) -> Iterator[None]:
    place, filler = folder / "rows", folder / "filler"
    place.mkdir()
    owner = Path(f"/proc/{operator.servers.pid('postgres')}").stat()
    os.chown(place, owner.st_uid, owner.st_gid)
    today = _today(operator)
    operator.execute(f"CREATE TABLESPACE small LOCATION '{place}'")
    operator.execute(f"ALTER TABLE {today} SET TABLESPACE small")
    with suppress(OSError), filler.open("wb", buffering=0) as file:
        while file.write(bytes(4_096)):
            continue
    try:
        yield
    finally:
        filler.unlink()
        operator.execute(f"ALTER TABLE {today} SET TABLESPACE pg_default")
        operator.execute("DROP TABLESPACE small")


@contextmanager
def _refusing_trigger(operator: Operator) -> Iterator[None]:
    operator.execute(
        "CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN "
        "RAISE EXCEPTION 'No space left on device' USING ERRCODE = '53100'; END$$; "
        "CREATE TRIGGER full_disk BEFORE INSERT ON events FOR EACH ROW EXECUTE FUNCTION full_disk()"
    )
    try:
        yield
    finally:
        operator.execute("DROP TRIGGER full_disk ON events; DROP FUNCTION full_disk()")


@contextmanager
def _locked(operator: Operator) -> Iterator[None]:
    """Lock the table, as a session that forgot to commit does."""
    with psycopg.connect(operator.url) as connection:
        connection.execute("LOCK TABLE events IN SHARE MODE")
        yield


BREAKS: dict[str, tuple[Callable[[Operator], AbstractContextManager[None]], str]] = {
    "missing grant": (
        _statements("REVOKE INSERT ON events FROM ep_user", "GRANT INSERT ON events TO ep_user"),
        "permission denied",
    ),
    "missing table": (
        _statements("ALTER TABLE event_counts RENAME TO lost", "ALTER TABLE lost RENAME TO event_counts"),
        "does not exist",
    ),
    "wrong schema": (
        _statements(
            "ALTER TABLE events RENAME COLUMN payload TO body", "ALTER TABLE events RENAME COLUMN body TO payload"
        ),
        "does not exist",
    ),
    "read-only": (
        _statements(
            "ALTER ROLE ep_user SET default_transaction_read_only = on",
            "ALTER ROLE ep_user RESET default_transaction_read_only",
        ),
        "read-only transaction",
    ),
    "out of connections": (
        _statements("ALTER ROLE ep_user CONNECTION LIMIT 0", "ALTER ROLE ep_user CONNECTION LIMIT -1"),
        "too many connections",
    ),
    "full disk": (_full_disk, "No space left on device"),
    "shut down": (_shut_down, "refused"),
    "locked": (_locked, "lock timeout"),
}


@pytest.mark.parametrize(
    "name", [name if name != "locked" else pytest.param(name, marks=pytest.mark.long) for name in BREAKS]
)
def test_refusing_database_is_retried(name: str, raw_topic: RawTopic, processor: Service, operator: Operator) -> None:
    """The batch is kept, fetching pauses and readiness fails with the reason; after the mend every event is stored."""
    broken, reason = BREAKS[name]
    processor.wait_until_ready()
    member = _member(raw_topic)
    with sending(raw_topic):
        with broken(operator):
            # The outbox may fail first, which alone does not make the processor unready.
            eventually(lambda: _is_down_for(processor, reason), f"{reason!r} in its health")
            eventually(lambda: "processor_paused 1.0" in processor.metrics(), "the pause")
        processor.wait_until_ready()
    assert_healed(raw_topic, processor)
    assert _member(raw_topic) == member, "it left its group"


def _is_down_for(processor: Service, reason: str) -> bool:
    health = processor.health()
    return health["status"] == "down" and reason in str(health["error"])


def _member(raw_topic: RawTopic) -> list[tuple[str, int]]:
    """Return the members of the group with their number of partitions; a member that rejoins has another id."""
    # The newer call to describe groups can abort the process (confluentinc/librdkafka#4605).
    found = kafka.admin_client(raw_topic.settings).list_groups(raw_topic.settings.kafka_group, timeout=DEADLINE_SECONDS)
    return [
        (str(member.id), len([*parse_assignment(cast("bytes | None", member.assignment) or b"")]))
        for group in found
        for member in group.members
    ]


def test_deadlock_is_retried_without_an_outage(raw_topic: RawTopic, processor: Service, operator: Operator) -> None:
    """The batch that Postgres aborts to resolve a deadlock is stored by the next attempt; the processor stays ready."""
    raw_topic.send_good(1)
    raw_topic.await_processed()
    processor.wait_until_ready()
    eventually(lambda: _is_deadlock_made(raw_topic, operator), "a deadlock")
    raw_topic.await_processed()
    assert_healed(raw_topic, processor)
    assert "deadlock" not in processor.log()


def _is_deadlock_made(raw_topic: RawTopic, operator: Operator) -> bool:
    """Try to cause a deadlock in which Postgres aborts the processor's side.

    The processor's session looks for a deadlock once, a second after it began to wait. Where we come too late for
    that, it waits for its lock timeout instead, and tries again.
    """
    before = operator.servers.log("postgres").count("deadlock detected")
    with psycopg.connect(operator.url) as other:
        other.execute("SET deadlock_timeout = '60s'")
        other.commit()
        other.execute("LOCK TABLE event_counts IN SHARE MODE")
        raw_topic.send_good(6)
        eventually(lambda: operator.execute("SELECT 1 FROM pg_locks WHERE NOT granted"), "the batch to wait")
        other.execute("UPDATE consumer_progress SET next_offset = next_offset")
        other.rollback()
    return operator.servers.log("postgres").count("deadlock detected") > before
