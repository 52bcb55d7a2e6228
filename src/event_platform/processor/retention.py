"""The background task for daily partitions and retention: creates partitions ahead, removes old data."""

import threading
import time
from datetime import datetime, timedelta
from typing import Final

from event_platform.core.connections.postgres import Connection
from event_platform.core.settings.model import Settings
from event_platform.core.telemetry import get_logger
from event_platform.processor.database_clock import DatabaseClock
from event_platform.processor.outages.retry import Retrier, StoppedError
from event_platform.processor.storage import daily_partitions
from event_platform.processor.storage.connection import Database

INTERVAL_SECONDS: Final = 3_600.0
CLOCK_INTERVAL_SECONDS: Final = 10.0
DELETE_BATCH_ROWS: Final = 5_000
MINUTE_COUNTS_DAYS: Final = 2
THROUGHPUT_DAYS: Final = 2

log = get_logger(__name__)


class RetentionTask:
    """Creates partitions ahead and removes old data, in a thread and over a connection of its own."""

    def __init__(self, settings: Settings, database: Database, retrier: Retrier, clock: DatabaseClock) -> None:
        self._settings = settings
        self._database = database
        self._retrier = retrier
        self._clock = clock
        self._clocks_differ = False

    def run(self, stop: threading.Event) -> None:
        """Run at once, and then every hour; synchronize the clock more often."""
        try:
            while not stop.is_set():
                self._retrier.run(self.run_once, "making days and dropping old ones")
                self._wait(stop)
        except StoppedError:
            return

    def _wait(self, stop: threading.Event) -> None:
        """Wait for the next run; it comes early if the clocks agree again, because the last one removed nothing."""
        since, removed_nothing = time.monotonic(), self._clocks_differ
        while time.monotonic() - since < INTERVAL_SECONDS and not stop.wait(CLOCK_INTERVAL_SECONDS):
            self._retrier.run(self.synchronize_clock, "asking for the time")
            if removed_nothing and not self._clocks_differ:
                return

    def synchronize_clock(self) -> None:
        """Read Postgres' time, and log when the clocks begin to differ and when they agree again."""
        self._clock.synchronize(self._database.connection())
        skew_message = self._clock.skew_message()
        if skew_message and not self._clocks_differ:
            log.error("clocks differ", problem=skew_message)
        if self._clocks_differ and not skew_message:
            log.warning("clocks agree again")
        self._clocks_differ = skew_message is not None

    def run_once(self) -> None:
        """Create the partitions ahead, and remove what is too old if the clock is reliable."""
        self.synchronize_clock()
        connection, now = self._database.connection(), self._clock.now()
        created = daily_partitions.create(connection, daily_partitions.required_days(now))
        if created:
            log.info("created daily partitions", partitions=len(created))
        if self._clock.is_reliable():
            self._remove_old(connection, now)

    def _remove_old(self, connection: Connection, now: datetime) -> None:
        dropped = daily_partitions.drop(connection, (now - timedelta(days=self._settings.retention_days)).date())
        if dropped:
            log.info("dropped daily partitions", partitions=dropped)
        # An unpublished dead letter is not yet where a person looks for it.
        self._delete("dlq_events", "failed_at", self._settings.dlq_retention_days, "published_at IS NOT NULL")
        for table, column, days in self._retentions():
            self._delete(table, column, days)

    def _retentions(self) -> tuple[tuple[str, str, int], ...]:
        """``(table, column, days)`` of the tables whose rows are deleted by age alone."""
        kept = self._settings.retention_days
        return (
            ("duplicate_requests", "seen_at", kept),
            ("throughput", "bucket", THROUGHPUT_DAYS),
            ("throughput_hourly", "hour", max(kept, self._settings.dlq_retention_days)),
            ("event_counts", "minute", MINUTE_COUNTS_DAYS),
            ("event_counts_hourly", "hour", kept),
            # A day counts as a whole until its last hour is too old.
            ("event_counts_daily", "day", kept + 1),
        )

    def _delete(self, table: str, column: str, days: int, condition: str = "true") -> None:
        """Delete old rows in small steps, so that nobody waits long for a lock or for the WAL."""
        statement = (
            f"DELETE FROM {table} WHERE ctid = ANY(ARRAY("  # noqa: S608 - the names are constants
            f"SELECT ctid FROM {table} WHERE {column} < now() - make_interval(days => %s) AND {condition} "
            f"LIMIT {DELETE_BATCH_ROWS}))"
        )
        while self._database.connection().execute(statement, [days]).rowcount:
            continue
