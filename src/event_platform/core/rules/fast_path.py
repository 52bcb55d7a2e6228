"""Decodes, validates and enriches an ordinary event in one step; any other event takes the full path.

A row made here equals the row that `decode`, `validate` and `enrich` make; a test compares them.
"""

from functools import lru_cache
from typing import Final

import msgspec

from event_platform.core.envelope import IDEMPOTENCY_KEY, TENANT_NAME
from event_platform.core.request_ids import REQUEST_ID
from event_platform.core.rules import timestamps, unstorable
from event_platform.core.rules.decode import MAX_EVENT_ID_BYTES
from event_platform.core.rules.outcome import EventRow
from event_platform.core.rules.validate import MAX_EVENT_TYPE_CHARACTERS, ValidationRules

_MAX_EVENT_ID_CHARACTERS: Final = MAX_EVENT_ID_BYTES // 4
"""Of four bytes each, the most that UTF-8 needs."""

# Cheaper than making a UUID, of which only the bytes are needed.
_match_request_id: Final = REQUEST_ID.fullmatch
_match_tenant: Final = lru_cache(maxsize=1_024)(TENANT_NAME.fullmatch)
_match_key: Final = IDEMPOTENCY_KEY.fullmatch


class _OrdinaryEvent(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    """An event with the required members and no others."""

    event_id: str
    event_type: str
    schema_version: msgspec.Raw
    occurred_at: str
    payload: msgspec.Raw


class _OrdinaryWrapper(msgspec.Struct, gc=False):
    tenant_id: str
    received_at: str
    request_id: str
    idempotency_key: str
    event: _OrdinaryEvent


_decode: Final = msgspec.json.Decoder(_OrdinaryWrapper).decode


def decode_row(value: bytes, rules: ValidationRules, now_us: int | None) -> EventRow | None:
    """The row of a record's value; None if anything about it is out of the ordinary."""
    try:
        wrapper = _decode(value)
        received_at_us = timestamps.parse(wrapper.received_at)
        occurred_at_us = timestamps.parse(wrapper.event.occurred_at)
        if not value.isascii():
            value.decode()
    except (ValueError, RecursionError):
        return None
    event, request = wrapper.event, _match_request_id(wrapper.request_id)
    version, payload = bytes(event.schema_version), bytes(event.payload)
    if (
        request is None
        or not _match_tenant(wrapper.tenant_id)
        or not _match_key(wrapper.idempotency_key)
        or version not in rules.version_literals
        or not payload.startswith(b"{")
        or not 0 < len(event.event_id) <= _MAX_EVENT_ID_CHARACTERS
        or not 0 < len(event.event_type) <= MAX_EVENT_TYPE_CHARACTERS
        or "\x00" in event.event_id
        or "\x00" in event.event_type
        or not rules.has_daily_partition(received_at_us, now_us)
        or unstorable.may_be_unstorable(payload)
    ):
        return None
    return EventRow(
        bytes.fromhex(request[1].replace("-", "")),
        wrapper.tenant_id,
        event.event_id,
        wrapper.idempotency_key,
        event.event_type,
        int(version),
        occurred_at_us,
        received_at_us,
        payload,
        None,  # no extensions: they take the slow path
    )
