"""Daily partitions are created and dropped without anything waiting for it."""

import json
import threading
from datetime import UTC, date, datetime, timedelta

import psycopg
import pytest
from tests.fixtures.waiting import DEADLINE_SECONDS, eventually
from tests.processor.conftest import Bench, MakeMessage

from event_platform.core.settings.model import Settings
from event_platform.processor.storage import daily_partitions
from event_platform.processor.storage.connection import Database

COUNT_ROWS = "SELECT count(*) FROM {}"
TODAY = datetime.now(UTC).date()


def attached_partitions(bench: Bench) -> set[str]:
    """Names of the attached partitions."""
    rows = bench.query("SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = 'events'::regclass")
    return {str(name) for (name,) in rows}


def test_partition_has_the_tables_indexes_and_its_own(bench: Bench) -> None:
    """A new partition accepts rows, keeps keys unique, and has every index."""
    day = date(2031, 5, 6)
    assert daily_partitions.create(bench.connection, [day]) == [day]
    assert daily_partitions.create(bench.connection, [day]) == []
    indexes = bench.query("SELECT indexdef FROM pg_indexes WHERE tablename = 'events_2031_05_06' ORDER BY 1")
    shown = " ".join(str(text) for (text,) in indexes)
    assert "UNIQUE INDEX events_2031_05_06_key ON" in shown
    assert "(tenant_id, idempotency_key)" in shown
    assert "(tenant_id, event_id, received_at)" in shown
    assert "(event_type, occurred_at)" in shown
    assert "(tenant_id, id, received_at)" in shown


def test_required_days_span_a_week() -> None:
    """From yesterday to a week ahead, in UTC."""
    found = daily_partitions.required_days(datetime(2026, 2, 27, 23, 59, tzinfo=UTC))
    assert found[0] == date(2026, 2, 26)
    assert found[-1] == date(2026, 3, 6)


def test_creating_does_not_wait_for_a_dump(bench: Bench, settings: Settings) -> None:
    """A partition is created while a dump holds ACCESS SHARE on the table."""
    assert settings.database_url
    with psycopg.connect(settings.database_url.get_secret_value()) as dump:
        dump.execute("LOCK TABLE events IN ACCESS SHARE MODE")
        assert daily_partitions.create(bench.connection, [date(2031, 5, 7)])


@pytest.fixture
def patient_locks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let partitions be created and dropped with a lock timeout that suits a busy machine."""
    monkeypatch.setattr(daily_partitions, "LOCK_TIMEOUT", f"{DEADLINE_SECONDS}s")


@pytest.mark.usefixtures("patient_locks")
def test_workers_that_create_at_once_all_succeed(bench: Bench, settings: Settings) -> None:
    """Three workers that need the same partitions at once all get them."""
    wanted = [date(2031, 6, day) for day in range(1, 6)]
    failures: list[Exception] = []

    def create() -> None:
        database = Database(settings)
        try:
            daily_partitions.create(database.connection(), wanted)
        except psycopg.Error as error:
            failures.append(error)
        database.close()

    threads = [threading.Thread(target=create) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert {daily_partitions.table_name(day) for day in wanted} <= attached_partitions(bench)


def test_old_partitions_are_dropped_and_others_kept(bench: Bench, message: MakeMessage) -> None:
    """Days before the limit are dropped; the limit's own day stays."""
    limit = TODAY - timedelta(days=10)
    daily_partitions.create(bench.connection, [limit - timedelta(days=1), limit])
    dropped = daily_partitions.drop(bench.connection, limit)
    assert daily_partitions.table_name(limit - timedelta(days=1)) in dropped
    assert daily_partitions.table_name(limit) in attached_partitions(bench)
    assert bench.write(message()).next_offsets


@pytest.mark.usefixtures("patient_locks")
def test_inserts_never_wait_for_a_drop(bench: Bench, settings: Settings, message: MakeMessage) -> None:
    """An insert that is held open, as in a large batch, delays the drop of an old partition, but no other insert."""
    old = TODAY - timedelta(days=50)
    # Tomorrow, too: midnight may pass.
    daily_partitions.create(bench.connection, [old, TODAY, TODAY + timedelta(days=1)])
    assert settings.database_url
    url = settings.database_url.get_secret_value()
    values = [message(), message()]
    with psycopg.connect(url) as held, psycopg.connect(url, autocommit=True) as impatient:
        held.execute(*_insert(values[0]))
        dropper = Dropper(settings)
        dropper.start()
        eventually(lambda: dropper.is_waiting(impatient), "the drop to wait for the held insert")
        impatient.execute("SET lock_timeout = '500ms'")
        impatient.execute(*_insert(values[1]))
        assert dropper.is_waiting(impatient)
        held.commit()
        dropper.join()
    assert daily_partitions.table_name(old) not in attached_partitions(bench)


class Dropper(threading.Thread):
    """Drops old partitions over a connection of its own, until none is left."""

    def __init__(self, settings: Settings) -> None:
        super().__init__()
        self._database = Database(settings)
        self._pid = self._database.connection().info.backend_pid

    def run(self) -> None:
        """Until the day is gone, as the retention task does from hour to hour."""
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


def test_partition_in_use_is_dropped_later(bench: Bench, settings: Settings) -> None:
    """A reader of an old partition delays its drop, and nothing else; the next run completes it."""
    assert settings.database_url
    old = TODAY - timedelta(days=40)
    daily_partitions.create(bench.connection, [old])
    with psycopg.connect(settings.database_url.get_secret_value()) as reader:
        reader.execute(COUNT_ROWS.format(daily_partitions.table_name(old)).encode())
        assert daily_partitions.drop(bench.connection, TODAY - timedelta(days=30)) == []
    assert daily_partitions.drop(bench.connection, TODAY - timedelta(days=30)) == [daily_partitions.table_name(old)]
