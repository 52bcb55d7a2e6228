"""Bounds of ingest's HTTP server."""

from typing import Final

from event_platform.core.http.bounds import Bounds

BOUNDS: Final = Bounds(
    max_connections=1_000,
    max_refused_connections=1_000,
    # A producer's idle connection is worth more than a new one, which gets a 503 and is tried again.
    evicts_slow_clients=False,
    response_budget_bytes=64 * 1024 * 1024,
    # Reading the rest of a body takes 3 s of it, a response at most 6 s.
    shutdown_seconds=10,
)

BODIES_BYTES: Final = 128 * 1024 * 1024
"""Bound on all bodies that arrive in pieces or are in work, together with the Kafka records made of them."""
