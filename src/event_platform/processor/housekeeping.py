"""What is done by the clock: days made ahead, what is past its retention dropped."""

import threading
from datetime import timedelta
from typing import Final

from event_platform.core.settings import Settings
from event_platform.core.telemetry import get_logger
from event_platform.processor import partitions
from event_platform.processor.clock import Clock
from event_platform.processor.database import Connection, Database
from event_platform.processor.patience import Patience, StoppedError

EVERY_SECONDS: Final = 3_600.0
ROWS_AT_ONCE: Final = 5_000
MINUTE_COUNTS_DAYS: Final = 2
THROUGHPUT_DAYS: Final = 2

log = get_logger(__name__)


class Housekeeping:
    """A thread with a connection of its own, so that nothing waits for it."""

    def __init__(self, settings: Settings, database: Database, patience: Patience, clock: Clock) -> None:
        """Keep what ``settings`` say."""
        self._settings = settings
        self._database = database
        self._patience = patience
        self._clock = clock

    def run(self, stop: threading.Event) -> None:
        """At once, and then every hour."""
        try:
            while not stop.is_set():
                self._patience.persist(self.tidy, "making days and dropping old ones")
                stop.wait(EVERY_SECONDS)
        except StoppedError:
            return

    def tidy(self) -> None:
        """Make the days ahead, and drop what is too old."""
        connection = self._database.connection()
        now = self._clock.now()
        made = partitions.make(connection, partitions.days_ahead(now))
        dropped = partitions.drop(connection, (now - timedelta(days=self._settings.retention_days)).date())
        if made or dropped:
            log.info("days of events", made=len(made), dropped=dropped)
        for table, column, days in self._retentions():
            _delete(connection, table, column, days)

    def _retentions(self) -> tuple[tuple[str, str, int], ...]:
        kept = self._settings.retention_days
        return (
            ("dlq_events", "failed_at", self._settings.dlq_retention_days),
            ("duplicate_requests", "seen_at", kept),
            ("throughput", "bucket", THROUGHPUT_DAYS),
            ("throughput_hourly", "hour", max(kept, self._settings.dlq_retention_days)),
            ("event_counts", "minute", MINUTE_COUNTS_DAYS),
            ("event_counts_hourly", "hour", kept),
            # A day counts whole until its last hour is gone.
            ("event_counts_daily", "day", kept + 1),
        )


def _delete(connection: Connection, table: str, column: str, days: int) -> None:
    """In small steps, so that no one waits long for a lock or for the log."""
    statement = (
        f"DELETE FROM {table} WHERE ctid = ANY(ARRAY("  # noqa: S608 - the names are constants
        f"SELECT ctid FROM {table} WHERE {column} < now() - make_interval(days => %s) LIMIT {ROWS_AT_ONCE}))"
    )
    while connection.execute(statement, [days]).rowcount:
        continue
