"""Every metric of the platform, with its meaning; one section a stage.

Those of ingest are declarations only: it counts in memory that its processes share (``ingest/tally.py``), because a
counter of the client library takes a lock, and because a scrape must tell the sum over all of its processes.
"""

from dataclasses import dataclass
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram


@dataclass(frozen=True)
class Declared:
    """A metric that its stage counts by itself.

    Attributes:
        name: In Prometheus; a counter's without ``_total``.
        meaning: What it counts.
        kind: ``counter``, ``gauge`` or ``histogram``.
        label: The name of its only label, if it has one.
        values: Every value of that label.
        bounds: Upper bounds of a histogram's buckets, without the last, infinite one.
    """

    name: str
    meaning: str
    kind: str
    label: str | None = None
    values: tuple[str, ...] = ()
    bounds: tuple[float, ...] = ()


# --- ingest ---

SECONDS: Final = (0.001, 0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 6.0)
SIZES: Final = (1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0, 512.0, 1024.0)

INGEST_OUTCOMES: Final = (
    "ACCEPTED",
    "DUPLICATE",
    "BATCH",
    "UNAUTHORIZED",
    "MISSING_IDEMPOTENCY_KEY",
    "INVALID_IDEMPOTENCY_KEY",
    "INVALID_JSON",
    "INVALID_EVENT",
    "IDEMPOTENCY_IN_PROGRESS",
    "PAYLOAD_TOO_LARGE",
    "UNSUPPORTED_MEDIA_TYPE",
    "IDEMPOTENCY_KEY_REUSED",
    "RATE_LIMITED",
    "UNAVAILABLE",
    "INTERNAL_ERROR",
    "CLIENT_GONE",
)
INGEST_REQUESTS: Final = Declared(
    "ingest_requests",
    "Answers to POST /events and POST /events/batch, by the code of the refusal, ACCEPTED, DUPLICATE, or BATCH for a "
    "batch that was answered item by item; CLIENT_GONE hung up before its request was complete.",
    "counter",
    "outcome",
    INGEST_OUTCOMES,
)
INGEST_ITEMS: Final = Declared(
    "ingest_batch_items", "Items of answered batches, by the item's own outcome.", "counter", "outcome", INGEST_OUTCOMES
)
INGEST_LATENCY: Final = Declared(
    "ingest_request_seconds", "From a complete request head to its answer.", "histogram", bounds=SECONDS
)
INGEST_REDIS_SECONDS: Final = Declared(
    "ingest_redis_call_seconds",
    "From sending a call of the admission script to its reply.",
    "histogram",
    bounds=SECONDS,
)
INGEST_REDIS_OPERATIONS: Final = Declared(
    "ingest_redis_call_operations",
    "Claims and settlements that one call of the script carries.",
    "histogram",
    bounds=SIZES,
)
INGEST_KAFKA_SECONDS: Final = Declared(
    "ingest_kafka_seconds", "From handing an event to the producer to its outcome.", "histogram", bounds=SECONDS
)
INGEST_WITHOUT_REDIS: Final = Declared(
    "ingest_without_redis",
    "Events decided while Redis was away: duplicates among them are found by the store only.",
    "counter",
)
INGEST_IN_FLIGHT: Final = Declared("ingest_in_flight", "Requests that wait for their answer.", "gauge")
INGEST_CONNECTIONS: Final = Declared("ingest_connections", "Open HTTP connections.", "gauge")
INGEST_PRODUCER_QUEUE: Final = Declared(
    "ingest_producer_queue", "Events handed to the Kafka producer whose outcome is not known yet.", "gauge"
)
INGEST: Final = (
    INGEST_REQUESTS,
    INGEST_ITEMS,
    INGEST_LATENCY,
    INGEST_REDIS_SECONDS,
    INGEST_REDIS_OPERATIONS,
    INGEST_KAFKA_SECONDS,
    INGEST_WITHOUT_REDIS,
    INGEST_IN_FLIGHT,
    INGEST_CONNECTIONS,
    INGEST_PRODUCER_QUEUE,
)


# --- processor ---


class ProcessorMetrics:
    """What a worker of the processor counts."""

    def __init__(self, registry: CollectorRegistry) -> None:
        """Declare them in ``registry``."""
        self.messages = Counter(
            "processor_messages",
            "Messages by what became of them: stored, duplicate, or dead with its code. Redelivered ones do not count.",
            ["outcome", "code"],
            registry=registry,
        )
        self.batch_records = Histogram(
            "processor_batch_records", "Messages in a batch.", buckets=PROCESSOR_SIZES, registry=registry
        )
        self.step_seconds = Histogram(
            "processor_step_seconds",
            "A batch's steps: decide (decode, validate, enrich); of its transaction take (its partitions), copy or "
            "staged, bury (dead letters), count (rollups), commit; publish (some dead letters), offsets (until Kafka "
            "has them).",
            ["step"],
            buckets=PROCESSOR_SECONDS,
            registry=registry,
        )
        self.store_seconds = Histogram(
            "processor_store_seconds",
            "From handing a batch to Postgres until it was stored, waits for an outage included.",
            buckets=PROCESSOR_SECONDS,
            registry=registry,
        )
        self.staged = Counter(
            "processor_staged_batches",
            "Batches that took the careful way, because a row was there already or was refused.",
            registry=registry,
        )
        self.divisions = Counter(
            "processor_divisions", "Batches that were halved to find a row that Postgres refuses.", registry=registry
        )
        self.fenced = Counter(
            "processor_fenced_partitions",
            "Partitions that stood elsewhere than a batch started: another worker or a restored database.",
            registry=registry,
        )
        self.bursts = Counter(
            "processor_dead_letter_bursts", "Times that more than half of 200 messages were dead.", registry=registry
        )
        self.failures = Counter(
            "processor_failed_attempts",
            "Attempts that an outage ended, by what was done.",
            ["doing"],
            registry=registry,
        )
        self.lag = Gauge(
            "processor_lag_messages",
            "Messages not taken yet, as the last fetch saw it.",
            ["partition"],
            registry=registry,
        )
        self.oldest_seconds = Gauge(
            "processor_oldest_unprocessed_seconds",
            "Age of the oldest event that waits; 0 where none does.",
            registry=registry,
        )
        self.is_paused = Gauge("processor_paused", "1 while fetching is paused, else 0.", registry=registry)
        self.unpublished = Gauge(
            "processor_unpublished_dead_letters", "Dead letters that their topic does not have yet.", registry=registry
        )
        self.is_ready = Gauge("processor_ready", "1 while /health answers 200, else 0.", registry=registry)


PROCESSOR_SIZES: Final = (1.0, 5.0, 20.0, 100.0, 500.0, 2_000.0, 5_000.0)
PROCESSOR_SECONDS: Final = (0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0, 30.0, 120.0)


# --- admin ---


class AdminMetrics:
    """What the admin API counts of itself."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.answers = Counter(
            "admin_answers",
            "Answers by route and status; (other) is the pages and what is not there.",
            ["route", "status"],
            registry=registry,
        )
        self.answer_seconds = Histogram(
            "admin_answer_seconds",
            "From a request's head to its answer's.",
            ["route"],
            buckets=SECONDS,
            registry=registry,
        )
