"""The bounds of HTTP itself, in one place."""

from typing import Final

MAX_HEADERS: Final = 100
MAX_HEAD_BYTES: Final = 16_384
"""Request line and headers together."""

HEAD_SECONDS: Final = 10.0
"""From the connection, or a request's first byte, to the end of its headers."""
BODY_SECONDS: Final = 30.0
"""From the end of the headers to the end of the body."""
IDLE_SECONDS: Final = 75.0
"""Between two requests of a connection."""

MAX_CONNECTIONS: Final = 1_000
"""More are answered 503."""
MAX_REFUSED_CONNECTIONS: Final = 1_000
"""So many more are open at once to be told; beyond them a connection is ended without a word."""

BODIES_BYTES: Final = 128 * 1024 * 1024
"""Bodies that come in pieces, and batches in work, may hold so much memory together."""

SHUTDOWN_SECONDS: Final = 10
"""SIGTERM waits for so long for what was accepted."""
