"""The daily partitions of ``events``: created before they are needed, dropped after the retention."""

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from typing import Final

import psycopg
from psycopg import sql

from event_platform.core.connections.postgres import Connection
from event_platform.core.telemetry import get_logger

DAYS_AHEAD: Final = 7
LOCK_TIMEOUT: Final = "2s"

_LOCK_KEY: Final = 7_264_917_305_118_403
"""The advisory lock that serializes workers that create partitions."""

log = get_logger(__name__)


def table_name(day: date) -> str:
    """Name of the partition of a UTC day."""
    return f"events_{day:%Y_%m_%d}"


def required_days(now: datetime) -> list[date]:
    """The days that must always have a partition: yesterday, for records still in Kafka, to a week ahead."""
    today = now.astimezone(UTC).date()
    return [today + timedelta(days=step) for step in range(-1, DAYS_AHEAD + 1)]


def create(connection: Connection, days: Iterable[date]) -> list[date]:
    """Create the partitions of ``days`` that do not exist, and return those days.

    A table is created on its own and then attached, because CREATE … PARTITION OF would wait for a running dump, and
    every insert would wait for it.

    Raises:
        psycopg.Error: Postgres is unavailable, or, as `LockNotAvailable`, another session holds the table too long.
    """
    missing = [day for day in sorted(days) if not _is_attached(connection, day)]
    for day in missing:
        with connection.transaction():
            _lock(connection)
            if not _is_attached(connection, day):
                _create(connection, day)
    return missing


def _lock(connection: Connection) -> None:
    connection.execute(f"SET LOCAL lock_timeout = '{LOCK_TIMEOUT}'")
    connection.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK_KEY])


def _is_attached(connection: Connection, day: date) -> bool:
    found = connection.execute(
        "SELECT 1 FROM pg_inherits WHERE inhrelid = to_regclass(%s) AND NOT inhdetachpending", [table_name(day)]
    )
    return found.fetchone() is not None


def _create(connection: Connection, day: date) -> None:
    names = {"day": sql.Identifier(table_name(day)), "index": sql.Identifier(f"{table_name(day)}_key")}
    bounds = {"start": sql.Literal(f"{day}T00:00:00Z"), "end": sql.Literal(f"{day + timedelta(days=1)}T00:00:00Z")}
    for statement in (
        "CREATE TABLE IF NOT EXISTS {day} (LIKE events INCLUDING DEFAULTS INCLUDING CONSTRAINTS INCLUDING STORAGE)",
        "CREATE UNIQUE INDEX IF NOT EXISTS {index} ON {day} (tenant_id, idempotency_key)",
        "ALTER TABLE events ATTACH PARTITION {day} FOR VALUES FROM ({start}) TO ({end})",
    ):
        connection.execute(sql.SQL(statement).format(**names, **bounds))


def drop(connection: Connection, before: date) -> list[str]:
    """Drop the partitions of the days before ``before``, and return their names.

    Each is first detached CONCURRENTLY, so that nobody who reads or writes other days has to wait. A partition that
    another session still holds, such as a dump, is left for the next run.
    """
    dropped = []
    for name, is_attached, is_pending in _partitions_before(connection, before):
        try:
            _drop(connection, name, is_attached=is_attached, is_pending=is_pending)
            dropped.append(name)
        except (psycopg.errors.LockNotAvailable, psycopg.errors.ObjectNotInPrerequisiteState) as error:
            log.info("partition in use; dropping it later", table=name, error=str(error))
        except psycopg.errors.UndefinedTable:
            # Another worker has dropped it.
            continue
    return dropped


def _partitions_before(connection: Connection, before: date) -> list[tuple[str, bool, bool]]:
    """``(table, whether it is attached, whether a detach was interrupted)``, oldest first."""
    rows = connection.execute(
        """
        SELECT c.relname, i.inhrelid IS NOT NULL, coalesce(i.inhdetachpending, false)
        FROM pg_class c LEFT JOIN pg_inherits i ON i.inhrelid = c.oid
        WHERE c.relkind = 'r' AND c.relnamespace = (SELECT relnamespace FROM pg_class WHERE oid = 'events'::regclass)
          AND c.relname ~ '^events_[0-9]{4}_[0-9]{2}_[0-9]{2}$' AND c.relname < %s
        ORDER BY c.relname
        """,
        [table_name(before)],
    )
    return [(str(name), bool(attached), bool(pending)) for name, attached, pending in rows]


def _drop(connection: Connection, name: str, *, is_attached: bool, is_pending: bool) -> None:
    connection.execute(f"SET lock_timeout = '{LOCK_TIMEOUT}'")
    try:
        day = sql.Identifier(name)
        if is_attached:
            how = sql.SQL("FINALIZE" if is_pending else "CONCURRENTLY")
            connection.execute(sql.SQL("ALTER TABLE events DETACH PARTITION {} {}").format(day, how))
        connection.execute(sql.SQL("DROP TABLE {}").format(day))
    finally:
        if not connection.broken:
            connection.execute("RESET lock_timeout")
