"""A running ingest for a module, and raw requests to it: of the three services it takes most from its clients."""

import pytest
from tests.fixtures.ingest_client import MakeProducer, Producer, new_key
from tests.fixtures.services import RunService, Service

LENGTH = b"Content-Length: 2"
HOST = b"Host: x"
CLOSE = b"Connection: close"


@pytest.fixture(scope="module")
def ingest(run_service_for_module: RunService) -> Service:
    """The service, with a rate limit that no test reaches."""
    return run_service_for_module("ingest", RATE_LIMIT_PER_MIN=1_000_000)


@pytest.fixture
def producer(ingest: Service, producer_of: MakeProducer) -> Producer:
    """A producer of tenant_a."""
    return producer_of(ingest)


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
