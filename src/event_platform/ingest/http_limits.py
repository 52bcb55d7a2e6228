"""The bounds of HTTP itself, in one place."""

from typing import Final

MAX_HEADERS: Final = 100
MAX_HEAD_BYTES: Final = 16_384
"""Request line and headers together; trailers; what lies between two parts of a chunked body."""

PARSED_BYTES: Final = 4_096
"""So much is parsed at once; requests sent ahead of their turn wait as bytes."""

HEAD_SECONDS: Final = 10.0
"""From the connection, or a request's first byte, to the end of its headers."""
BODY_SECONDS: Final = 30.0
"""From the end of the headers to the end of the body."""
ANSWER_SECONDS: Final = 30.0
"""From the end of the body until the client has taken the answer; ingest needs 6 s at most."""
IDLE_SECONDS: Final = 75.0
"""Between two requests of a connection."""

MAX_CONNECTIONS: Final = 1_000
"""More are answered 503."""
MAX_REFUSED_CONNECTIONS: Final = 1_000
"""So many more are open at once to be told; beyond them a connection is ended without a word."""

BODIES_BYTES: Final = 128 * 1024 * 1024
"""Bodies that come in pieces or are in work, and their messages, may hold so much memory together."""

SHUTDOWN_SECONDS: Final = 10
"""SIGTERM waits for so long for what was accepted."""
SHUTDOWN_BODY_SECONDS: Final = 3.0
"""And for so long for the rest of a body, so that its answer, which takes 6 s at most, is in time too."""
