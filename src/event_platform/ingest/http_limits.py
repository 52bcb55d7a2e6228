"""The bounds of ingest's HTTP, in one place."""

from typing import Final

from event_platform.core.http.bounds import Bounds

BOUNDS: Final = Bounds(
    max_connections=1_000,
    max_refused_connections=1_000,
    # A producer's idle connection is worth more than a new one: that one gets a 503, and comes again.
    evicts_slow_clients=False,
    response_budget_bytes=64 * 1024 * 1024,
    # A body has 3 s of it, an answer takes 6 s at most.
    shutdown_seconds=10,
)

BODIES_BYTES: Final = 128 * 1024 * 1024
"""Bodies that come in pieces or are in work, and their messages, may hold so much memory together."""
