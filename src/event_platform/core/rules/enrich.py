"""A valid event and its wrapper → the row that is stored."""

import msgspec

from event_platform.core.rules.decode import Decoded, join_members
from event_platform.core.rules.outcome import Row
from event_platform.core.rules.validate import CONTRACT, Valid

_CONTRACT = frozenset(CONTRACT)


def enrich(decoded: Decoded, valid: Valid) -> Row:
    """Put together what the producer sent and what ingest added; numbers keep the digits they were written with."""
    wrapper = decoded.wrapper
    return Row(
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
    """The members that the contract does not name, as an object, or None where there are none."""
    if len(event) == len(CONTRACT):
        return None
    return join_members((name, value) for name, value in event.items() if name not in _CONTRACT)
