"""Dead letters, written in the transaction of their batch: the table is the outbox of the dead-letter topic."""

import base64
import json
from collections.abc import Sequence
from typing import Final

from event_platform.processor.batch import Headers, Record
from event_platform.processor.database import Connection
from event_platform.processor.outcome import Dead

_INSERT: Final = """
INSERT INTO dlq_events (
    failed_at, source_topic, source_topic_id, code, reason, source_partition, source_offset,
    tenant_id, event_id, idempotency_key, request_id, record_key, headers, original_bytes
)
SELECT now(), %s, %s, * FROM unnest(
    %s::text[], %s::text[], %s::int[], %s::bigint[],
    %s::text[], %s::text[], %s::text[], %s::text[], %s::bytea[], %s::jsonb[], %s::bytea[]
)
ON CONFLICT (source_topic_id, source_partition, source_offset) DO NOTHING
RETURNING source_partition, source_offset
"""


def bury(
    connection: Connection, topic: str, topic_id: str, letters: Sequence[tuple[Record, Dead]]
) -> set[tuple[int, int]]:
    """Write ``letters``, and return partition and offset of those that were not there already."""
    if not letters:
        return set()
    columns = zip(*(_fields(record, dead) for record, dead in letters), strict=True)
    rows = connection.execute(_INSERT, [topic, topic_id, *map(list, columns)])
    return {(int(partition), int(offset)) for partition, offset in rows}


def _fields(record: Record, dead: Dead) -> tuple[object, ...]:
    identity = dead.identity
    return (
        str(dead.code),
        dead.reason,
        record.partition,
        record.offset,
        identity.tenant_id,
        identity.event_id,
        identity.idempotency_key,
        identity.request_id,
        record.key,
        encode_headers(record.headers),
        record.value,
    )


def encode_headers(headers: Headers) -> str:
    """``[[name, base64 of the value or null], …]`` as JSON that Postgres takes."""
    return json.dumps([[_name(name), _base64(value)] for name, value in headers])


def decode_headers(stored: list[list[str | None]]) -> list[tuple[str, bytes | None]]:
    """The headers as they were."""
    return [(str(name), None if value is None else base64.b64decode(value)) for name, value in stored]


def _name(name: str) -> str:
    return name.encode(errors="replace").decode().replace("\x00", "\N{REPLACEMENT CHARACTER}")


def _base64(value: bytes | None) -> str | None:
    return None if value is None else base64.b64encode(value).decode()
