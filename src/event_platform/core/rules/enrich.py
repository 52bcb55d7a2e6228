"""A valid event and its wrapper → the row that is stored."""

from typing import Final

import msgspec

from event_platform.core.rules.decode import DecodedRecord, join_members
from event_platform.core.rules.outcome import EventRow
from event_platform.core.rules.validate import REQUIRED_MEMBERS, ValidEvent

_REQUIRED: Final = frozenset(REQUIRED_MEMBERS)


def enrich(decoded: DecodedRecord, valid: ValidEvent) -> EventRow:
    """Combine what the producer sent with what ingest added; numbers keep the digits they were written with."""
    wrapper = decoded.wrapper
    return EventRow(
        decoded.id.bytes,
        wrapper.tenant_id,
        valid.event_id,
        wrapper.idempotency_key,
        valid.event_type,
        valid.schema_version,
        valid.occurred_at_us,
        decoded.received_at_us,
        bytes(wrapper.event["payload"]),
        _extensions(wrapper.event),
    )


def _extensions(event: dict[str, msgspec.Raw]) -> bytes | None:
    """The members that no rule names, as a JSON object; None if there are none."""
    if len(event) == len(REQUIRED_MEMBERS):
        return None
    return join_members((name, value) for name, value in event.items() if name not in _REQUIRED)
