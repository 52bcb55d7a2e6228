"""Inserts dead letters in the transaction of their batch; the table is the outbox of the dead-letter topic."""

import base64
import json
from collections.abc import Sequence
from typing import Final

import msgspec

from event_platform.core.connections.postgres import Connection
from event_platform.core.rules.outcome import DeadLetter
from event_platform.processor.polled_records import Headers, Record

# Dead letters from before leader epochs were kept have none: such a one is the same if its bytes are the same.
_INSERT: Final = """
INSERT INTO dlq_events (
    failed_at, source_topic, source_topic_id, code, reason, source_partition, source_offset, source_leader_epoch,
    tenant_id, event_id, idempotency_key, request_id, record_key, headers, original_bytes
)
SELECT now(), %(topic)s, %(topic_id)s, l.* FROM unnest(
    %(code)s::text[], %(reason)s::text[], %(partition)s::int[], %(offset)s::bigint[], %(leader_epoch)s::int[],
    %(tenant_id)s::text[], %(event_id)s::text[], %(idempotency_key)s::text[], %(request_id)s::text[],
    %(key)s::bytea[], %(headers)s::jsonb[], %(value)s::bytea[]
) AS l(code, reason, partition, "offset", leader_epoch, tenant_id, event_id, idempotency_key, request_id, key, headers,
       value)
WHERE NOT EXISTS (
    SELECT FROM dlq_events d
    WHERE (d.source_topic_id, d.source_partition, d.source_offset) = (%(topic_id)s, l.partition, l."offset")
      AND -1 IN (d.source_leader_epoch, l.leader_epoch) AND d.original_bytes IS NOT DISTINCT FROM l.value
)
ON CONFLICT (source_topic_id, source_partition, source_offset, source_leader_epoch) DO NOTHING
RETURNING source_partition, source_offset
"""


def insert_dead_letters(
    connection: Connection, topic: str, topic_id: str, dead_letters: Sequence[tuple[Record, DeadLetter]]
) -> set[tuple[int, int]]:
    """Insert dead letters of records of ``topic``; returns ``(partition, offset)`` of those that are new."""
    if not dead_letters:
        return set()
    fields = [_fields(record, dead_letter) for record, dead_letter in dead_letters]
    columns = {name: [each[name] for each in fields] for name in fields[0]}
    rows = connection.execute(_INSERT, {"topic": topic, "topic_id": topic_id, **columns})
    return {(int(partition), int(offset)) for partition, offset in rows}


def _fields(record: Record, dead_letter: DeadLetter) -> dict[str, object]:
    return {
        **msgspec.structs.asdict(dead_letter.identity),
        "code": str(dead_letter.code),
        "reason": dead_letter.reason,
        "partition": record.partition,
        "offset": record.offset,
        "leader_epoch": record.leader_epoch,
        "key": record.key,
        "headers": encode_headers(record.headers),
        "value": record.value,
    }


def encode_headers(headers: Headers) -> str:
    """``[[name, base64 of the value or null], …]`` as JSON that jsonb accepts."""
    return json.dumps([[_storable_name(name), _base64(value)] for name, value in headers])


def decode_headers(stored: list[list[str | None]]) -> list[tuple[str, bytes | None]]:
    """The headers that `encode_headers` made ``stored`` of."""
    return [(str(name), None if value is None else base64.b64decode(value)) for name, value in stored]


def _storable_name(name: str) -> str:
    return name.encode(errors="replace").decode().replace("\x00", "\N{REPLACEMENT CHARACTER}")


def _base64(value: bytes | None) -> str | None:
    return None if value is None else base64.b64encode(value).decode()
