"""What becomes of a record: a row to store, or a dead letter with a code and a reason."""

from enum import StrEnum
from typing import Final, TypeAlias
from uuid import UUID

import msgspec

from event_platform.core.request_ids import format_request_id

MAX_QUOTED_CHARACTERS: Final = 64
MAX_REASON_CHARACTERS: Final = 1_000


class ReasonCode(StrEnum):
    """Why a record is dead-lettered."""

    DESERIALIZATION_FAILED = "DESERIALIZATION_FAILED"
    VALIDATION_FAILED = "VALIDATION_FAILED"
    UNSUPPORTED_SCHEMA_VERSION = "UNSUPPORTED_SCHEMA_VERSION"
    UNSTORABLE = "UNSTORABLE"
    IDEMPOTENCY_KEY_REUSED = "IDEMPOTENCY_KEY_REUSED"


class EventIdentity(msgspec.Struct, frozen=True, gc=False):
    """The tenant and ids of an event, as far as they could be read."""

    tenant_id: str | None = None
    event_id: str | None = None
    idempotency_key: str | None = None
    request_id: str | None = None


UNKNOWN_IDENTITY: Final = EventIdentity()


class EventRow(msgspec.Struct, frozen=True, gc=False):
    """A row of the table ``events``; times in microseconds since 2000-01-01 UTC, as Postgres counts."""

    id: bytes
    """The UUID of the request id."""
    tenant_id: str
    event_id: str
    idempotency_key: str
    event_type: str
    schema_version: int
    occurred_at_us: int
    received_at_us: int
    payload: bytes
    extensions: bytes | None


IndexedRow = tuple[int, EventRow]
"""The index of a record in its batch, and the row that it becomes."""


def identity_of(row: EventRow) -> EventIdentity:
    """The tenant and ids of the event in ``row``."""
    return EventIdentity(row.tenant_id, row.event_id, row.idempotency_key, format_request_id(UUID(bytes=row.id)))


class Storable(msgspec.Struct, frozen=True, gc=False):
    """The event is valid; ``row`` is to be stored."""

    row: EventRow


class DeadLetter(msgspec.Struct, frozen=True):
    """The record can never be stored; ``detail`` says why in words."""

    code: ReasonCode
    detail: str
    identity: EventIdentity = UNKNOWN_IDENTITY

    @property
    def reason(self) -> str:
        """``CODE: detail``, at most 1,000 characters."""
        return truncate(f"{self.code}: {self.detail}", MAX_REASON_CHARACTERS)


Outcome: TypeAlias = Storable | DeadLetter


class Violation(msgspec.Struct, frozen=True):
    """A rule that an event breaks."""

    code: ReasonCode
    text: str


_PRECEDENCE: Final = (ReasonCode.UNSUPPORTED_SCHEMA_VERSION, ReasonCode.VALIDATION_FAILED, ReasonCode.UNSTORABLE)
"""The code that stands for several violations: in an unknown version the other rules may not apply at all."""


def dead_letter_for(violations: list[Violation], identity: EventIdentity) -> DeadLetter:
    """The dead letter that names all of ``violations`` (at least one), in order of precedence."""
    ordered = sorted(violations, key=lambda violation: _PRECEDENCE.index(violation.code))
    return DeadLetter(ordered[0].code, "; ".join(violation.text for violation in ordered), identity)


def truncate(text: str, characters: int) -> str:
    """``text`` if it has at most ``characters``, else its beginning and an ellipsis, together that long."""
    return text if len(text) <= characters else text[: characters - 1] + "…"


def quote(json_text: bytes) -> str:
    """A value as the producer wrote it, truncated to 64 characters, for use in a reason."""
    beginning = json_text[: 4 * MAX_QUOTED_CHARACTERS + 4].decode(errors="replace")
    return truncate(beginning.replace("\x00", "\N{REPLACEMENT CHARACTER}"), MAX_QUOTED_CHARACTERS)
