"""Metrics of ingest.

These are declarations only. Ingest counts in memory that its processes share, because a counter of the client library
takes a lock, and because a scrape reaches one process and has to return the sum over all of them.
"""

from typing import Final

from event_platform.core.metrics.declaration import REQUEST_SECONDS, MetricDeclaration

OPERATIONS: Final = (1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0, 512.0, 1024.0)

OUTCOMES: Final = (
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
REQUESTS: Final = MetricDeclaration(
    "ingest_requests",
    "Responses to POST /events and POST /events/batch by outcome: the error code, ACCEPTED, DUPLICATE, or BATCH for a "
    "batch with an outcome per item. CLIENT_GONE: the client disconnected before its request was complete.",
    "counter",
    ("outcome",),
    OUTCOMES,
)
ITEMS: Final = MetricDeclaration(
    "ingest_batch_items", "Items of answered batches by their own outcome.", "counter", ("outcome",), OUTCOMES
)
LATENCY: Final = MetricDeclaration(
    "ingest_request_seconds", "Time from a complete request head to its response.", "histogram", bounds=REQUEST_SECONDS
)
REDIS_SECONDS: Final = MetricDeclaration(
    "ingest_redis_call_seconds",
    "Time from sending a call of the admission script to its reply.",
    "histogram",
    bounds=REQUEST_SECONDS,
)
REDIS_OPERATIONS: Final = MetricDeclaration(
    "ingest_redis_call_operations",
    "Operations (claim, confirm, release) per call of the admission script.",
    "histogram",
    bounds=OPERATIONS,
)
KAFKA_SECONDS: Final = MetricDeclaration(
    "ingest_kafka_seconds",
    "Time from passing an event to the Kafka producer to its delivery report.",
    "histogram",
    bounds=REQUEST_SECONDS,
)
WITHOUT_REDIS: Final = MetricDeclaration(
    "ingest_without_redis",
    "Events decided while Redis was unavailable; duplicates among those accepted are detected only when they are "
    "stored.",
    "counter",
)
IN_FLIGHT: Final = MetricDeclaration("ingest_in_flight", "Requests whose response is pending.", "gauge")
CONNECTIONS: Final = MetricDeclaration("ingest_connections", "Open HTTP connections.", "gauge")
PRODUCER_QUEUE: Final = MetricDeclaration(
    "ingest_producer_queue", "Events passed to the Kafka producer that have no delivery report yet.", "gauge"
)
ALL: Final = (
    REQUESTS,
    ITEMS,
    LATENCY,
    REDIS_SECONDS,
    REDIS_OPERATIONS,
    KAFKA_SECONDS,
    WITHOUT_REDIS,
    IN_FLIGHT,
    CONNECTIONS,
    PRODUCER_QUEUE,
)
