"""The processor's connections: renewed in time, and with the settings of `DATABASE_URL`."""

from collections.abc import Iterator

import pytest
from psycopg.conninfo import make_conninfo
from pydantic import SecretStr
from tests.processor.conftest import Bench, MakeMessage

from event_platform.core.settings.model import SECONDS_PER_DAY, Settings
from event_platform.processor.storage import staging
from event_platform.processor.storage.connection import Database


class ManualClock:
    """A monotonic clock that tests set."""

    seconds = 0.0

    def __call__(self) -> float:
        """The time."""
        return self.seconds


@pytest.fixture
def hours() -> ManualClock:
    """A clock at 0."""
    return ManualClock()


@pytest.fixture
def database(settings: Settings, hours: ManualClock) -> Iterator[Database]:
    """A connection on that clock, closed after the test."""
    made = Database(settings, hours)
    yield made
    made.close()


def test_connection_is_renewed_daily(database: Database, hours: ManualClock) -> None:
    """A session's temporary table holds back the freezing of old transaction ids, so no session may live for months."""
    first = database.connection()
    staging.create_staging_table(first)
    hours.seconds = SECONDS_PER_DAY
    assert database.connection() is first
    hours.seconds += 1
    assert database.connection() is not first
    assert first.closed
    assert database.connection() is database.connection()


def test_connection_in_a_transaction_is_not_renewed(database: Database, hours: ManualClock) -> None:
    """A transaction ends on the connection on which it began."""
    first = database.connection()
    with first.transaction():
        hours.seconds = 2 * SECONDS_PER_DAY
        assert database.connection() is first
    assert database.connection() is not first


def test_rows_are_stored_over_a_renewed_connection(
    bench: Bench, settings: Settings, hours: ManualClock, message: MakeMessage
) -> None:
    """The staging table, which a redelivered row needs, is created again on it."""
    database = Database(settings, hours)
    writer = bench.new_writer(database)
    try:
        value = message()
        writer.write(bench.batch(value))
        hours.seconds = 2 * SECONDS_PER_DAY
        write_result = writer.write(bench.batch(value, start=1))
    finally:
        database.close()
    assert write_result.next_offsets == {0: 2}


def test_settings_of_the_url_are_kept(settings: Settings) -> None:
    """Session settings in the URL that are not ours are kept; ours win."""
    assert settings.database_url
    url = make_conninfo(settings.database_url.get_secret_value(), options="-c work_mem=7MB -c statement_timeout=1h")
    database = Database(settings.model_copy(update={"database_url": SecretStr(url)}))
    try:
        rows = database.connection().execute("SELECT current_setting('work_mem'), current_setting('statement_timeout')")
        assert rows.fetchone() == ("7MB", "30s")
    finally:
        database.close()
