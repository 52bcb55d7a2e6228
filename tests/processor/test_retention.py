"""Data past its retention is removed, unless the clocks disagree."""

import threading
from datetime import UTC, datetime, timedelta
from random import Random

import pytest
from tests.fixtures.error_watch import ExpectErrors
from tests.processor.conftest import Bench, MakeMessage

from event_platform.core.settings.model import Settings
from event_platform.processor.database_clock import DatabaseClock
from event_platform.processor.monitoring.health import Health
from event_platform.processor.outages.retry import Retrier
from event_platform.processor.retention import RetentionTask
from event_platform.processor.storage import daily_partitions

COUNT_ROWS = "SELECT count(*) FROM {}"
TODAY = datetime.now(UTC).date()


@pytest.mark.parametrize(
    ("table", "statement"),
    [
        ("throughput", "INSERT INTO throughput VALUES (now() - interval '5 days', 'old', 'stored', '', 0, 1)"),
        (
            "throughput_hourly",
            "INSERT INTO throughput_hourly VALUES (now() - interval '50 days', 'old', 'stored', '', 0, 1)",
        ),
        ("event_counts", "INSERT INTO event_counts VALUES (now() - interval '5 days', 'old', 't', 0, 1)"),
        (
            "event_counts_hourly",
            "INSERT INTO event_counts_hourly VALUES (now() - interval '50 days', 'old', 't', 0, 1)",
        ),
        (
            "event_counts_daily",
            "INSERT INTO event_counts_daily VALUES (now() - interval '50 days', 'old', 't', 0, 1)",
        ),
        (
            "dlq_events",
            """
            INSERT INTO dlq_events (
                failed_at, code, reason, source_topic, source_topic_id, source_partition, source_offset, tenant_id,
                published_at
            ) VALUES (now() - interval '50 days', 'c', 'r', 't', 'i', 0, 0, 'old', now())
            """,
        ),
        (
            "duplicate_requests",
            """
            INSERT INTO duplicate_requests
            VALUES ('old', gen_random_uuid(), now(), gen_random_uuid(), now() - interval '50 days')
            """,
        ),
    ],
)
def test_tables_have_their_retention(
    bench: Bench, settings: Settings, message: MakeMessage, table: str, statement: str
) -> None:
    """Rows past the retention of their table are deleted; others stay."""
    bench.write(message())
    bench.connection.execute(statement.encode())
    before = bench.one(COUNT_ROWS.format(table))
    _run_once(bench, settings)
    assert bench.one(COUNT_ROWS.format(table)) == before - 1
    assert bench.one(COUNT_ROWS.format(table) + " WHERE tenant_id = 'old'") == 0


@pytest.mark.parametrize("days", [40, -40])
def test_nothing_is_dropped_while_clocks_differ(
    bench: Bench, settings: Settings, expect_errors: ExpectErrors, days: int
) -> None:
    """Whichever clock is wrong, what one of them would drop is still there when both agree again."""
    expect_errors("clocks differ")
    old = TODAY - timedelta(days=100)
    daily_partitions.create(bench.connection, [old])
    bench.connection.execute(
        "INSERT INTO throughput VALUES (now() - interval '50 days', 'doubtful', 'stored', '', 0, 1)"
    )

    def left() -> tuple[int, bool]:
        counts = bench.one("SELECT count(*) FROM throughput WHERE tenant_id = 'doubtful'")
        return int(counts), bench.one("SELECT to_regclass(%s)", daily_partitions.table_name(old)) is not None

    _run_once(bench, settings, DatabaseClock(lambda: datetime.now(UTC) + timedelta(days=days)))
    assert left() == (1, True)
    _run_once(bench, settings)
    assert left() == (0, False)


def test_unpublished_dead_letter_is_kept(bench: Bench, settings: Settings) -> None:
    """An unpublished dead letter outlives its retention, however old it is."""
    bench.write(b"rubbish", b"more rubbish")
    bench.connection.execute(
        "UPDATE dlq_events SET failed_at = now() - interval '90 days', "
        "published_at = CASE WHEN original_bytes <> 'rubbish' THEN now() END WHERE source_topic_id = %s",
        [bench.topic_id],
    )
    _run_once(bench, settings)
    left = bench.query("SELECT original_bytes FROM dlq_events WHERE source_topic_id = %s", bench.topic_id)
    assert left == [(b"rubbish",)]


def _run_once(bench: Bench, settings: Settings, clock: DatabaseClock | None = None) -> None:
    clock = clock or DatabaseClock()
    retrier = Retrier(
        Health(clock).dependencies, threading.Event(), Random(0), bench.database.close, lambda _doing: None
    )
    RetentionTask(settings, bench.database, retrier, clock).run_once()
