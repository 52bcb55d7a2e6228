"""The wrapper around a producer's event in a record of ``events.raw``.

``{"tenant_id": …, "received_at": …, "request_id": …, "idempotency_key": …, "event": {…}}``: the event keeps the
producer's own bytes and is never re-encoded, so the wrapper is built by joining bytes.
"""

import re
from datetime import UTC, datetime
from typing import Final

import msgspec

TENANT_NAME: Final = re.compile(r"[A-Za-z0-9._-]{1,64}")
IDEMPOTENCY_KEY: Final = re.compile(r"[\x21-\x7e]{1,255}")
"""1 to 255 visible ASCII characters."""


def format_timestamp(moment: datetime) -> str:
    """Return ``moment`` as RFC 3339 in UTC, to the microsecond, with ``Z``."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def wrap(tenant_id: str, received_at: str, request_id: str, idempotency_key: str, event: bytes) -> bytes:
    """Build the value of a raw record, with ``event`` in it byte for byte.

    Only the idempotency key can need escaping: it is the producer's, while ingest generates the other three values.
    """
    return b'{"tenant_id":"%b","received_at":"%b","request_id":"%b","idempotency_key":%b,"event":%b}' % (
        tenant_id.encode(),
        received_at.encode(),
        request_id.encode(),
        msgspec.json.encode(idempotency_key),
        event,
    )


def record_key(tenant_id: str, key: str) -> bytes:
    """Return the Kafka record key; events with the same tenant and ``key`` keep their order."""
    return f"{tenant_id}:{key}".encode()
