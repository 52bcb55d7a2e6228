"""P2, P4: a wrong clock neither drops what is stored nor makes dead letters of good events."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import psycopg
from psycopg import sql
from tests.fixtures.error_watch import ExpectErrors
from tests.fixtures.raw_topic import RawTopic
from tests.fixtures.servers import RunningServers
from tests.fixtures.services import RunService
from tests.fixtures.waiting import eventually

from event_platform.core.envelope import format_timestamp

DAYS = 40


@contextmanager
def slow_clock(servers: RunningServers, database: str, days: int) -> Iterator[None]:
    """Set the clock of the database back by ``days`` for new sessions, inside the context."""
    with psycopg.connect(servers.database_url, autocommit=True) as connection:
        name = sql.Identifier(database)

        def set_path(path: str) -> None:
            connection.execute(sql.SQL("ALTER DATABASE {} SET search_path = " + path).format(name))
            connection.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [database])

        with psycopg.connect(servers.database_url, dbname=database, autocommit=True) as inside:
            inside.execute("CREATE SCHEMA slow")
            inside.execute("GRANT USAGE ON SCHEMA slow TO PUBLIC")
            for clock in ("now", "clock_timestamp"):
                inside.execute(
                    sql.SQL(
                        "CREATE FUNCTION slow.{0}() RETURNS timestamptz STABLE LANGUAGE sql "
                        "RETURN pg_catalog.{0}() - make_interval(days => {1})"
                    ).format(sql.Identifier(clock), sql.Literal(days))
                )
        # Postgres searches its own schema first, unless the path names it later.
        set_path("public, slow, pg_catalog")
        yield
        set_path("public")


def test_clocks_that_differ_drop_nothing(
    raw_topic: RawTopic, run_service: RunService, servers: RunningServers, expect_errors: ExpectErrors
) -> None:
    """This machine is 40 days ahead of Postgres: its clock alone would drop today, and call every event too old.

    It is said, red. Events are stored, also those that even Postgres would call too old, because its clock may be the
    wrong one. When the clocks agree again, so that those days are long past, they are dropped at once.
    """
    expect_errors("clocks differ")
    today = datetime.now(UTC) - timedelta(days=DAYS)
    with slow_clock(servers, str(raw_topic.one("SELECT current_database()")), DAYS):
        processor = run_service("processor", wait_until_ready=False)
        moments = [today, today - timedelta(days=60), today + timedelta(days=20)]
        raw_topic.send(*(raw_topic.message(received_at=format_timestamp(moment)) for moment in moments))
        raw_topic.await_processed()
        assert raw_topic.one("SELECT count(*) FROM events") == len(moments)
        reason = eventually(lambda: processor.health()["error"], "the difference in its health")
        assert f"clock is {DAYS * 86_400} s ahead of Postgres'" in reason
        assert not processor.is_ready()
        admin = run_service("admin", wait_until_ready=False)
        told = eventually(lambda: _postgres(admin.get("/admin/health").json()), "the difference in admin's health")
        assert told["status"] == "degraded"
        assert "ahead of Postgres'" in told["error"]
    processor.wait_until_ready()
    eventually(lambda: raw_topic.one("SELECT count(*) FROM events") == 1, "days of long ago to be dropped")


def _postgres(health: dict[str, list[dict[str, str]]]) -> dict[str, str] | None:
    (found,) = (each for each in health["dependencies"] if each["name"] == "postgres")
    return found if found["error"] else None
