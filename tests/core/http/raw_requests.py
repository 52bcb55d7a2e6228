"""Raw HTTP requests to ingest, of the three services the one that takes most from its clients."""

from tests.fixtures.ingest_client import new_key

LENGTH = b"Content-Length: 2"
HOST = b"Host: x"
CLOSE = b"Connection: close"


def event_request(*lines: bytes, body: bytes = b"{}", path: bytes = b"/events", version: bytes = b"1.1") -> bytes:
    """Return a request with an API key, a new idempotency key, and the header lines given."""
    head = [
        b"POST %b HTTP/%b" % (path, version),
        b"X-API-Key: key_a",
        b"Idempotency-Key: " + new_key().encode(),
        b"Content-Type: application/json",
        *lines,
    ]
    return b"\r\n".join(head) + b"\r\n\r\n" + body
