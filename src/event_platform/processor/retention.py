"""What is done by the clock: days made ahead, what is past its retention dropped; and whether the clock is right."""

import threading
import time
from datetime import datetime, timedelta
from typing import Final

from event_platform.core.connections.postgres import Connection
from event_platform.core.settings.declaration import Settings
from event_platform.core.telemetry import get_logger
from event_platform.processor.database_clock import Clock
from event_platform.processor.monitoring.retry import Retrier, StoppedError
from event_platform.processor.storage import daily_partitions
from event_platform.processor.storage.connection import Database

EVERY_SECONDS: Final = 3_600.0
ASK_EVERY_SECONDS: Final = 10.0
ROWS_AT_ONCE: Final = 5_000
MINUTE_COUNTS_DAYS: Final = 2
THROUGHPUT_DAYS: Final = 2

log = get_logger(__name__)


class Housekeeping:
    """A thread with a connection of its own, so that nothing waits for it."""

    def __init__(self, settings: Settings, database: Database, retrier: Retrier, clock: Clock) -> None:
        """Keep what ``settings`` say."""
        self._settings = settings
        self._database = database
        self._retrier = retrier
        self._clock = clock
        self._is_doubtful = False

    def run(self, stop: threading.Event) -> None:
        """At once, and then every hour; Postgres' time is asked for more often."""
        try:
            while not stop.is_set():
                self._retrier.run(self.tidy, "making days and dropping old ones")
                self._wait(stop)
        except StoppedError:
            return

    def _wait(self, stop: threading.Event) -> None:
        """Until it is time again, or what was left because of the clocks can be done."""
        since, has_left = time.monotonic(), self._is_doubtful
        while time.monotonic() - since < EVERY_SECONDS and not stop.wait(ASK_EVERY_SECONDS):
            self._retrier.run(self.ask_time, "asking for the time")
            if has_left and not self._is_doubtful:
                return

    def ask_time(self) -> None:
        """Learn Postgres' time; say so when its clock and ours part, and when they agree again."""
        self._clock.ask(self._database.connection())
        complaint = self._clock.complaint()
        if complaint and not self._is_doubtful:
            log.error("clocks differ", problem=complaint)
        if self._is_doubtful and not complaint:
            log.warning("clocks agree again")
        self._is_doubtful = complaint is not None

    def tidy(self) -> None:
        """Make the days ahead, and drop what is too old where the time is certain."""
        self.ask_time()
        connection, now = self._database.connection(), self._clock.now()
        made = daily_partitions.make(connection, daily_partitions.days_ahead(now))
        if made:
            log.info("days of events", made=len(made))
        if self._clock.is_certain():
            self._drop_old(connection, now)

    def _drop_old(self, connection: Connection, now: datetime) -> None:
        dropped = daily_partitions.drop(connection, (now - timedelta(days=self._settings.retention_days)).date())
        if dropped:
            log.info("days of events", dropped=dropped)
        # What is not published yet has not been where a person looks for it.
        self._delete("dlq_events", "failed_at", self._settings.dlq_retention_days, "published_at IS NOT NULL")
        for table, column, days in self._retentions():
            self._delete(table, column, days)

    def _retentions(self) -> tuple[tuple[str, str, int], ...]:
        kept = self._settings.retention_days
        return (
            ("duplicate_requests", "seen_at", kept),
            ("throughput", "bucket", THROUGHPUT_DAYS),
            ("throughput_hourly", "hour", max(kept, self._settings.dlq_retention_days)),
            ("event_counts", "minute", MINUTE_COUNTS_DAYS),
            ("event_counts_hourly", "hour", kept),
            # A day counts whole until its last hour is gone.
            ("event_counts_daily", "day", kept + 1),
        )

    def _delete(self, table: str, column: str, days: int, but_only: str = "true") -> None:
        """In small steps, so that no one waits long for a lock or for the log."""
        statement = (
            f"DELETE FROM {table} WHERE ctid = ANY(ARRAY("  # noqa: S608 - the names are constants
            f"SELECT ctid FROM {table} WHERE {column} < now() - make_interval(days => %s) AND {but_only} "
            f"LIMIT {ROWS_AT_ONCE}))"
        )
        while self._database.connection().execute(statement, [days]).rowcount:
            continue
