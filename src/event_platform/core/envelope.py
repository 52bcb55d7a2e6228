"""The wrapper that a message of ``events.raw`` carries around a producer's event.

``{"tenant_id": …, "received_at": …, "request_id": …, "idempotency_key": …, "event": {…}}``: the event's bytes are the
producer's own and never re-encoded, so the wrapper is written by joining bytes.
"""

import re
from datetime import UTC, datetime
from typing import Final
from uuid import UUID

import msgspec

TENANT_NAME: Final = re.compile(r"[A-Za-z0-9._-]{1,64}")
IDEMPOTENCY_KEY: Final = re.compile(r"[\x21-\x7e]{1,255}")
"""1 to 255 visible ASCII characters."""

_REQUEST_ID = re.compile(r"req_([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})")


def request_id(event_id: UUID) -> str:
    """The request's name towards producers: ``req_`` and the UUID that is the stored row's id."""
    return f"req_{event_id}"


def parse_request_id(text: str) -> UUID | None:
    """The UUID in ``req_<uuid>``, or None where ``text`` is no such name."""
    match = _REQUEST_ID.fullmatch(text)
    return UUID(match[1]) if match else None


def timestamp(moment: datetime) -> str:
    """``moment`` as RFC 3339 in UTC, to the microsecond, with ``Z``."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def wrap(tenant_id: str, received_at: str, request_id: str, idempotency_key: str, event: bytes) -> bytes:
    """The value of a raw message; ``event`` goes in byte for byte.

    ``tenant_id``, ``received_at`` and ``request_id`` are made by us and need no escaping; a producer's key does.
    """
    return b'{"tenant_id":"%b","received_at":"%b","request_id":"%b","idempotency_key":%b,"event":%b}' % (
        tenant_id.encode(),
        received_at.encode(),
        request_id.encode(),
        msgspec.json.encode(idempotency_key),
        event,
    )


def record_key(tenant_id: str, key: str) -> bytes:
    """The Kafka record's key: events of one tenant and key keep their order."""
    return f"{tenant_id}:{key}".encode()
