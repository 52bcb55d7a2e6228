"""The usual event in one step, because nearly every one is usual; whatever is not goes the careful way.

A row that comes from here is the row that `decode`, `validate` and `enrich` would make; a test holds them together.
"""

import re
from functools import lru_cache
from typing import Final

import msgspec

from event_platform.core.envelope import IDEMPOTENCY_KEY, TENANT_NAME
from event_platform.core.rules import timestamps, unstorable
from event_platform.core.rules.decode import MAX_EVENT_ID_BYTES
from event_platform.core.rules.outcome import Row
from event_platform.core.rules.validate import MAX_EVENT_TYPE_CHARACTERS, Rules

_MAX_EVENT_ID_CHARACTERS: Final = MAX_EVENT_ID_BYTES // 4
"""Of four bytes each, which is what UTF-8 needs at most."""

# Cheaper than making a UUID, whose bytes are all that is needed.
_is_request: Final = re.compile(r"req_([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})").fullmatch
_is_tenant: Final = lru_cache(maxsize=1_024)(TENANT_NAME.fullmatch)
_is_key: Final = IDEMPOTENCY_KEY.fullmatch


class _Event(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    """The contract's members and no other."""

    event_id: str
    event_type: str
    schema_version: msgspec.Raw
    occurred_at: str
    payload: msgspec.Raw


class _Wrapper(msgspec.Struct, gc=False):
    tenant_id: str
    received_at: str
    request_id: str
    idempotency_key: str
    event: _Event


_decode: Final = msgspec.json.Decoder(_Wrapper).decode


def row_of(value: bytes, rules: Rules, now_us: int | None) -> Row | None:
    """The row of a message in which nothing is unusual, else None."""
    try:
        wrapper = _decode(value)
        received_at_us = timestamps.parse(wrapper.received_at)
        occurred_at_us = timestamps.parse(wrapper.event.occurred_at)
        if not value.isascii():
            value.decode()
    except (ValueError, RecursionError):
        return None
    event, request = wrapper.event, _is_request(wrapper.request_id)
    version, payload = bytes(event.schema_version), bytes(event.payload)
    if (
        request is None
        or not _is_tenant(wrapper.tenant_id)
        or not _is_key(wrapper.idempotency_key)
        or version not in rules.version_literals
        or not payload.startswith(b"{")
        or not 0 < len(event.event_id) <= _MAX_EVENT_ID_CHARACTERS
        or not 0 < len(event.event_type) <= MAX_EVENT_TYPE_CHARACTERS
        or "\x00" in event.event_id
        or "\x00" in event.event_type
        or not rules.is_in_time(received_at_us, now_us)
        or unstorable.is_suspect(payload)
    ):
        return None
    return Row(
        bytes.fromhex(request[1].replace("-", "")),
        wrapper.tenant_id,
        event.event_id,
        wrapper.idempotency_key,
        event.event_type,
        int(version),
        occurred_at_us,
        received_at_us,
        payload,
        None,
    )
