"""Metrics of a processor worker."""

from typing import Final

from prometheus_client import CollectorRegistry

from event_platform.core.metrics.declaration import MetricDeclaration

RECORDS: Final = (1.0, 5.0, 20.0, 100.0, 500.0, 2_000.0, 5_000.0)
SECONDS: Final = (0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0, 30.0, 120.0)

MESSAGES: Final = MetricDeclaration(
    "processor_messages",
    "Records processed, by outcome: stored, duplicate, or dead with its code. Redelivered records are not counted.",
    "counter",
    ("outcome", "code"),
)
BATCH_RECORDS: Final = MetricDeclaration("processor_batch_records", "Records per batch.", "histogram", bounds=RECORDS)
STEP_SECONDS: Final = MetricDeclaration(
    "processor_step_seconds",
    "Time per step of a batch. decide: decode, validate and enrich; in the transaction take (lock its partitions), "
    "copy or staged (write rows), bury (write dead letters), count (update rollups) and commit; publish: send dead "
    "letters; offsets: commit to Kafka.",
    "histogram",
    ("step",),
    bounds=SECONDS,
)
STORE_SECONDS: Final = MetricDeclaration(
    "processor_store_seconds",
    "Time to store a batch in Postgres, including retries during an outage.",
    "histogram",
    bounds=SECONDS,
)
STAGED_BATCHES: Final = MetricDeclaration(
    "processor_staged_batches",
    "Batches written through the staging table, because a row met an existing one or Postgres refused a row.",
    "counter",
)
DIVISIONS: Final = MetricDeclaration(
    "processor_divisions",
    "Times that a batch was split, to isolate a row that Postgres refuses or because storing it timed out.",
    "counter",
)
FENCED_PARTITIONS: Final = MetricDeclaration(
    "processor_fenced_partitions",
    "Partitions whose offset in Postgres was not the one a batch started from: another worker stored records, "
    "the database was restored, or a part of the batch was stored before an outage.",
    "counter",
)
DEAD_LETTER_BURSTS: Final = MetricDeclaration(
    "processor_dead_letter_bursts", "Times that more than half of 200 records became dead letters.", "counter"
)
FAILED_ATTEMPTS: Final = MetricDeclaration(
    "processor_failed_attempts", "Attempts that failed and are retried, by operation.", "counter", ("doing",)
)
LAG_MESSAGES: Final = MetricDeclaration(
    "processor_lag_messages", "Records not fetched yet, as of the last fetch.", "gauge", ("partition",)
)
OLDEST_UNPROCESSED_SECONDS: Final = MetricDeclaration(
    "processor_oldest_unprocessed_seconds", "Lag in seconds: the age of the oldest unprocessed event, or 0.", "gauge"
)
PAUSED: Final = MetricDeclaration("processor_paused", "1 while fetching is paused, else 0.", "gauge")
UNPUBLISHED_DEAD_LETTERS: Final = MetricDeclaration(
    "processor_unpublished_dead_letters", "Dead letters that are not in the dead-letter topic yet.", "gauge"
)
READY: Final = MetricDeclaration("processor_ready", "1 while /health returns 200, else 0.", "gauge")
ALL: Final = (
    MESSAGES,
    BATCH_RECORDS,
    STEP_SECONDS,
    STORE_SECONDS,
    STAGED_BATCHES,
    DIVISIONS,
    FENCED_PARTITIONS,
    DEAD_LETTER_BURSTS,
    FAILED_ATTEMPTS,
    LAG_MESSAGES,
    OLDEST_UNPROCESSED_SECONDS,
    PAUSED,
    UNPUBLISHED_DEAD_LETTERS,
    READY,
)


class ProcessorMetrics:
    """The collectors of one worker."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.messages = MESSAGES.counter(registry)
        self.batch_records = BATCH_RECORDS.histogram(registry)
        self.step_seconds = STEP_SECONDS.histogram(registry)
        self.store_seconds = STORE_SECONDS.histogram(registry)
        self.staged = STAGED_BATCHES.counter(registry)
        self.divisions = DIVISIONS.counter(registry)
        self.fenced = FENCED_PARTITIONS.counter(registry)
        self.bursts = DEAD_LETTER_BURSTS.counter(registry)
        self.failures = FAILED_ATTEMPTS.counter(registry)
        self.lag = LAG_MESSAGES.gauge(registry)
        self.oldest_seconds = OLDEST_UNPROCESSED_SECONDS.gauge(registry)
        self.is_paused = PAUSED.gauge(registry)
        self.unpublished = UNPUBLISHED_DEAD_LETTERS.gauge(registry)
        self.is_ready = READY.gauge(registry)
