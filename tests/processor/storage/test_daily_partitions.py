"""Days made before they are needed and dropped after their retention, without anything waiting for it."""

import json
import threading
from datetime import UTC, date, datetime, timedelta
from random import Random

import psycopg
import pytest
from tests.fixtures.error_watch import ExpectErrors
from tests.fixtures.waiting import DEADLINE_SECONDS, eventually
from tests.processor.conftest import Bench, MakeMessage

from event_platform.core.settings.declaration import Settings
from event_platform.processor.database_clock import Clock
from event_platform.processor.monitoring.health import Health
from event_platform.processor.monitoring.retry import Retrier
from event_platform.processor.retention import Housekeeping
from event_platform.processor.storage import daily_partitions
from event_platform.processor.storage.connection import Database

COUNT = "SELECT count(*) FROM {}"
TODAY = datetime.now(UTC).date()


def days(bench: Bench) -> set[str]:
    """The attached days."""
    rows = bench.query("SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = 'events'::regclass")
    return {str(name) for (name,) in rows}


def test_a_day_has_the_parents_indexes_and_its_own(bench: Bench) -> None:
    """A new day takes rows, keeps keys unique, and has every index."""
    day = date(2031, 5, 6)
    assert daily_partitions.make(bench.connection, [day]) == [day]
    assert daily_partitions.make(bench.connection, [day]) == []
    indexes = bench.query("SELECT indexdef FROM pg_indexes WHERE tablename = 'events_2031_05_06' ORDER BY 1")
    shown = " ".join(str(text) for (text,) in indexes)
    assert "UNIQUE INDEX events_2031_05_06_key ON" in shown
    assert "(tenant_id, idempotency_key)" in shown
    assert "(tenant_id, event_id, received_at)" in shown
    assert "(event_type, occurred_at)" in shown
    assert "(tenant_id, id, received_at)" in shown


def test_days_ahead_span_a_week() -> None:
    """Yesterday to a week ahead, in UTC."""
    found = daily_partitions.days_ahead(datetime(2026, 2, 27, 23, 59, tzinfo=UTC))
    assert found[0] == date(2026, 2, 26)
    assert found[-1] == date(2026, 3, 6)


def test_making_a_day_does_not_wait_for_a_dump(bench: Bench, settings: Settings) -> None:
    """A dump holds ACCESS SHARE on the table; a day is made all the same, and a row of it stored."""
    assert settings.database_url
    with psycopg.connect(settings.database_url.get_secret_value()) as dump:
        dump.execute("LOCK TABLE events IN ACCESS SHARE MODE")
        assert daily_partitions.make(bench.connection, [date(2031, 5, 7)])


@pytest.fixture
def patient_locks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Days are made and dropped by who waits for locks as long as a busy machine may need."""
    monkeypatch.setattr(daily_partitions, "LOCK_TIMEOUT", f"{DEADLINE_SECONDS}s")


@pytest.mark.usefixtures("patient_locks")
def test_days_made_at_once_by_two(bench: Bench, settings: Settings) -> None:
    """Two workers that need the same day at once both go on."""
    wanted = [date(2031, 6, day) for day in range(1, 6)]
    failures: list[Exception] = []

    def make() -> None:
        database = Database(settings)
        try:
            daily_partitions.make(database.connection(), wanted)
        except psycopg.Error as error:
            failures.append(error)
        database.close()

    threads = [threading.Thread(target=make) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert {daily_partitions.name_of(day) for day in wanted} <= days(bench)


def test_old_days_are_dropped_and_others_kept(bench: Bench, message: MakeMessage) -> None:
    """What ended before the limit goes, the limit's own day stays."""
    limit = TODAY - timedelta(days=10)
    daily_partitions.make(bench.connection, [limit - timedelta(days=1), limit])
    dropped = daily_partitions.drop(bench.connection, limit)
    assert daily_partitions.name_of(limit - timedelta(days=1)) in dropped
    assert daily_partitions.name_of(limit) in days(bench)
    assert bench.write(message()).done


@pytest.mark.usefixtures("patient_locks")
def test_inserts_never_wait_for_a_day_to_be_dropped(bench: Bench, settings: Settings, message: MakeMessage) -> None:
    """An insert held open, as a large batch is, holds back the dropping of an old day, but no other insert."""
    old = TODAY - timedelta(days=50)
    # Tomorrow, too: midnight may pass.
    daily_partitions.make(bench.connection, [old, TODAY, TODAY + timedelta(days=1)])
    assert settings.database_url
    url = settings.database_url.get_secret_value()
    values = [message(), message()]
    with psycopg.connect(url) as held, psycopg.connect(url, autocommit=True) as impatient:
        held.execute(*_insert(values[0]))
        dropper = Dropper(settings)
        dropper.start()
        eventually(lambda: dropper.is_waiting(impatient), "the dropping to wait for the held insert")
        impatient.execute("SET lock_timeout = '500ms'")
        impatient.execute(*_insert(values[1]))
        assert dropper.is_waiting(impatient)
        held.commit()
        dropper.join()
    assert daily_partitions.name_of(old) not in days(bench)


class Dropper(threading.Thread):
    """Drops old days on a connection of its own, until none is left."""

    def __init__(self, settings: Settings) -> None:
        """Not started yet."""
        super().__init__()
        self._database = Database(settings)
        self._pid = self._database.connection().info.backend_pid

    def run(self) -> None:
        """Until the day is gone, as housekeeping does from hour to hour."""
        while not daily_partitions.drop(self._database.connection(), TODAY - timedelta(days=45)):
            continue
        self._database.close()

    def is_waiting(self, connection: psycopg.Connection) -> bool:
        """Whether it waits for a lock."""
        found = connection.execute("SELECT 1 FROM pg_locks WHERE pid = %s AND NOT granted", [self._pid])
        return found.fetchone() is not None


def _insert(message: bytes) -> tuple[bytes, list[object]]:
    wrapper = json.loads(message)
    statement = "INSERT INTO events VALUES (%s, %s, 'e', %s, 't', 1, now(), now(), now(), 's', '{}', null)"
    return statement.encode(), [wrapper["request_id"][4:], wrapper["tenant_id"], wrapper["idempotency_key"]]


def test_a_day_in_use_is_dropped_later(bench: Bench, settings: Settings) -> None:
    """A reader in a day to be dropped delays the dropping, and nothing else; the next round finishes it."""
    assert settings.database_url
    old = TODAY - timedelta(days=40)
    daily_partitions.make(bench.connection, [old])
    with psycopg.connect(settings.database_url.get_secret_value()) as reader:
        reader.execute(COUNT.format(daily_partitions.name_of(old)).encode())
        assert daily_partitions.drop(bench.connection, TODAY - timedelta(days=30)) == []
    assert daily_partitions.drop(bench.connection, TODAY - timedelta(days=30)) == [daily_partitions.name_of(old)]


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
def test_counts_and_dead_letters_have_their_retention(
    bench: Bench, settings: Settings, message: MakeMessage, table: str, statement: str
) -> None:
    """What is past its retention is deleted; what is not stays."""
    bench.write(message())
    bench.connection.execute(statement.encode())
    before = bench.one(COUNT.format(table))
    _tidy(bench, settings)
    assert bench.one(COUNT.format(table)) == before - 1
    assert bench.one(COUNT.format(table) + " WHERE tenant_id = 'old'") == 0


@pytest.mark.parametrize("days", [40, -40])
def test_while_clocks_differ_nothing_is_dropped(
    bench: Bench, settings: Settings, expect_errors: ExpectErrors, days: int
) -> None:
    """Whichever of the two is wrong: what one of them would drop is still there when both agree."""
    expect_errors("clocks differ")
    old = TODAY - timedelta(days=100)
    daily_partitions.make(bench.connection, [old])
    bench.connection.execute(
        "INSERT INTO throughput VALUES (now() - interval '50 days', 'doubtful', 'stored', '', 0, 1)"
    )

    def left() -> tuple[int, bool]:
        counts = bench.one("SELECT count(*) FROM throughput WHERE tenant_id = 'doubtful'")
        return int(counts), bench.one("SELECT to_regclass(%s)", daily_partitions.name_of(old)) is not None

    _tidy(bench, settings, Clock(lambda: datetime.now(UTC) + timedelta(days=days)))
    assert left() == (1, True)
    _tidy(bench, settings)
    assert left() == (0, False)


def test_a_dead_letter_that_is_not_published_has_no_age(bench: Bench, settings: Settings) -> None:
    """Nobody can have seen it yet: it stays until its topic has it, however long that takes."""
    bench.write(b"rubbish", b"more rubbish")
    bench.connection.execute(
        "UPDATE dlq_events SET failed_at = now() - interval '90 days', "
        "published_at = CASE WHEN original_bytes <> 'rubbish' THEN now() END WHERE source_topic_id = %s",
        [bench.topic_id],
    )
    _tidy(bench, settings)
    left = bench.query("SELECT original_bytes FROM dlq_events WHERE source_topic_id = %s", bench.topic_id)
    assert left == [(b"rubbish",)]


def _tidy(bench: Bench, settings: Settings, clock: Clock | None = None) -> None:
    clock = clock or Clock()
    retrier = Retrier(
        Health(clock).dependencies, threading.Event(), Random(0), bench.database.close, lambda _doing: None
    )
    Housekeeping(settings, bench.database, retrier, clock).tidy()
