"""Rows as PostgreSQL's binary COPY wants them: cheaper for us to make, and for the server to read, than text.

https://www.postgresql.org/docs/16/sql-copy.html, "Binary Format".
"""

import struct
from collections.abc import Iterable
from typing import Final

from event_platform.processor.outcome import Row

COLUMNS: Final = (
    "id",
    "tenant_id",
    "event_id",
    "idempotency_key",
    "event_type",
    "schema_version",
    "occurred_at",
    "received_at",
    "payload",
    "extensions",
)
"""Of a row, in the order of the encoding; the table's defaults give the others."""

_HEADER: Final = b"PGCOPY\n\xff\r\n\x00" + bytes(8)
_TRAILER: Final = b"\xff\xff"
_JSONB_VERSION: Final = b"\x01"
_NULL: Final = b"\xff\xff\xff\xff"

_length = struct.Struct(">i").pack
_fields_and_id = struct.Struct(">hi16s").pack
_fields_ordinal_and_id = struct.Struct(">hiii16s").pack
_version_and_times = struct.Struct(">iiiqiq").pack


def encode(rows: Iterable[Row]) -> bytes:
    """A whole COPY of `COLUMNS` into ``events``; the payload as jsonb."""
    parts = [_HEADER]
    add = parts.extend
    for row in rows:
        add((_fields_and_id(len(COLUMNS), 16, row.id), _middle(row)))
        add((_length(len(row.payload) + 1), _JSONB_VERSION, row.payload))
        add((_NULL,) if row.extensions is None else (_length(len(row.extensions) + 1), _JSONB_VERSION, row.extensions))
    parts.append(_TRAILER)
    return b"".join(parts)


def encode_staged(rows: Iterable[tuple[int, Row]]) -> bytes:
    """A whole COPY of ``ordinal`` and `COLUMNS` into the staging table; payload and extensions as text."""
    parts = [_HEADER]
    add = parts.extend
    for ordinal, row in rows:
        add((_fields_ordinal_and_id(len(COLUMNS) + 1, 4, ordinal, 16, row.id), _middle(row)))
        add((_length(len(row.payload)), row.payload))
        add((_NULL,) if row.extensions is None else (_length(len(row.extensions)), row.extensions))
    parts.append(_TRAILER)
    return b"".join(parts)


def _middle(row: Row) -> bytes:
    """From ``tenant_id`` to ``received_at``."""
    tenant_id, event_id = row.tenant_id.encode(), row.event_id.encode()
    key, event_type = row.idempotency_key.encode(), row.event_type.encode()
    return b"".join(
        (
            _length(len(tenant_id)),
            tenant_id,
            _length(len(event_id)),
            event_id,
            _length(len(key)),
            key,
            _length(len(event_type)),
            event_type,
            _version_and_times(4, row.schema_version, 8, row.occurred_at_us, 8, row.received_at_us),
        )
    )
