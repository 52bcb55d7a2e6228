"""A record's bytes → the wrapper's fields and the event's members, each still as the producer wrote it."""

import json
from collections.abc import Iterable
from typing import Any, Final
from uuid import UUID

import msgspec

from event_platform.core import strict_json
from event_platform.core.envelope import IDEMPOTENCY_KEY, TENANT_NAME
from event_platform.core.request_ids import parse_request_id
from event_platform.core.rules import timestamps, unstorable
from event_platform.core.rules.outcome import (
    DeadLetter,
    EventIdentity,
    ReasonCode,
    Violation,
    quote,
)

MAX_EVENT_ID_BYTES: Final = 1_024

_WRAPPER_LEVELS: Final = 1
_WHITE_SPACE: Final = b" \t\r\n"


class Wrapper(msgspec.Struct, gc=False):
    """The value of a record of ``events.raw``; the event's members are slices of the record's bytes."""

    tenant_id: str
    received_at: str
    request_id: str
    idempotency_key: str
    event: dict[str, msgspec.Raw]


class DecodedRecord(msgspec.Struct):
    """A record whose wrapper is valid; its event may still break rules."""

    wrapper: Wrapper
    id: UUID
    received_at_us: int
    violations: list[Violation]
    """What decoding itself found to be unstorable."""
    original_identity: EventIdentity | None = None
    """Read before a repair changed the members; None if nothing was repaired."""

    def identity(self) -> EventIdentity:
        """The identity for a dead letter of this record."""
        if self.original_identity is not None:
            return self.original_identity
        wrapper = self.wrapper
        event_id = _readable_event_id(wrapper.event.get("event_id"))
        return EventIdentity(wrapper.tenant_id, event_id, wrapper.idempotency_key, wrapper.request_id)


_decode_wrapper: Final = msgspec.json.Decoder(Wrapper).decode
_decode_string: Final = msgspec.json.Decoder(str).decode
_decode_members: Final = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode


def decode(value: bytes | None) -> DecodedRecord | DeadLetter:
    """Decode a record's value; the last of repeated names wins, as in jsonb."""
    if value is None:
        return DeadLetter(ReasonCode.DESERIALIZATION_FAILED, "the value is null")
    decoded = _decode_valid(value)
    if decoded is not None:
        return decoded
    diagnosis = _diagnose(value)
    return diagnosis if isinstance(diagnosis, DeadLetter) else _decode_repaired(value, diagnosis)


def join_members(members: Iterable[tuple[str, msgspec.Raw]]) -> bytes:
    """The JSON object of ``members``; each value as it was written."""
    return b"{%b}" % b",".join(b"%b:%b" % (json.dumps(name).encode(), value) for name, value in members)


def _decode_valid(value: bytes) -> DecodedRecord | None:
    """Decode a value with nothing wrong in it; None for any other."""
    try:
        if not value.isascii():
            value.decode()
        wrapper = _decode_wrapper(value)
        request_uuid = parse_request_id(wrapper.request_id)
        if request_uuid is None or not _are_names(wrapper.tenant_id, wrapper.idempotency_key):
            return None
        return DecodedRecord(wrapper, request_uuid, timestamps.parse(wrapper.received_at), [])
    except (ValueError, RecursionError):
        # msgspec's errors and UnicodeDecodeError are ValueErrors.
        return None


def _are_names(tenant_id: str, idempotency_key: str) -> bool:
    return bool(TENANT_NAME.fullmatch(tenant_id) and IDEMPOTENCY_KEY.fullmatch(idempotency_key))


def _diagnose(value: bytes) -> DeadLetter | EventIdentity:
    """Why the value cannot be decoded, or the identity of one that needs only a repair.

    A lone surrogate and a repeated name can be repaired.
    """
    try:
        parsed = strict_json.parse(value, max_depth=strict_json.MAX_DEPTH + _WRAPPER_LEVELS)
    except strict_json.TooDeepError:
        return _diagnose_depth(value)
    except strict_json.InvalidJsonError as error:
        return DeadLetter(ReasonCode.DESERIALIZATION_FAILED, f"not JSON: {error}")
    if not isinstance(parsed, dict):
        return DeadLetter(ReasonCode.DESERIALIZATION_FAILED, "not a JSON object")
    faults = [fault for fault in map(_find_fault, Wrapper.__struct_fields__, [parsed] * 5) if fault]
    identity = _readable_identity(parsed)
    return DeadLetter(ReasonCode.DESERIALIZATION_FAILED, "; ".join(faults), identity) if faults else identity


def _diagnose_depth(value: bytes) -> DeadLetter:
    # The parser stopped at the limit. A value that does not begin and end like an object is none, however deep it is.
    text = value.strip(_WHITE_SPACE)
    if not (text.startswith(b"{") and text.endswith(b"}")):
        return DeadLetter(ReasonCode.DESERIALIZATION_FAILED, "not a JSON object")
    return DeadLetter(ReasonCode.UNSTORABLE, f"nested beyond {strict_json.MAX_DEPTH} levels")


def _decode_repaired(value: bytes, identity: EventIdentity) -> DecodedRecord | DeadLetter:
    text = unstorable.replace_lone_surrogates(value)
    decoded = _decode_valid(_drop_repeated_members(text))
    if decoded is None:
        return DeadLetter(ReasonCode.DESERIALIZATION_FAILED, "not JSON")
    if text != value:
        decoded.violations.append(Violation(ReasonCode.UNSTORABLE, "a string holds half of a surrogate pair"))
    decoded.original_identity = identity
    return decoded


def _drop_repeated_members(text: bytes) -> bytes:
    """The wrapper with only the last member of each name; the dropped ones may have had any type."""
    try:
        return join_members(_decode_members(text).items())
    except (ValueError, RecursionError):
        return text


def _find_fault(name: str, parsed: dict[str, Any]) -> str | None:
    """What is wrong with the wrapper's field ``name``; None if it is valid."""
    if name not in parsed:
        return f"missing {name}"
    value = parsed[name]
    if name == "event":
        return None if isinstance(value, dict) else "event is not an object"
    if not isinstance(value, str):
        return f"{name} is not a string"
    return None if _is_valid_field(name, value) else f"{name} is not {_EXPECTED[name]}: {_quote_text(value)}"


_EXPECTED: Final = {
    "tenant_id": "a tenant's name",
    "received_at": "RFC 3339",
    "request_id": "req_<uuid>",
    "idempotency_key": "1 to 255 visible ASCII characters",
}


def _is_valid_field(name: str, value: str) -> bool:
    if name == "tenant_id":
        return TENANT_NAME.fullmatch(value) is not None
    if name == "idempotency_key":
        return IDEMPOTENCY_KEY.fullmatch(value) is not None
    if name == "request_id":
        return parse_request_id(value) is not None
    try:
        timestamps.parse(value)
    except ValueError:
        return False
    return True


def _quote_text(value: str) -> str:
    return quote(value[:70].encode(errors="replace").join((b'"', b'"')))


def _readable_identity(parsed: dict[str, Any]) -> EventIdentity:
    """The identifying fields that are valid, whatever is wrong with the others."""

    def readable(name: str) -> str | None:
        value = parsed.get(name)
        return value if isinstance(value, str) and _is_valid_field(name, value) else None

    event = parsed.get("event")
    event_id = event.get("event_id") if isinstance(event, dict) else None
    return EventIdentity(
        tenant_id=readable("tenant_id"),
        event_id=event_id if isinstance(event_id, str) and is_valid_event_id(event_id) else None,
        idempotency_key=readable("idempotency_key"),
        request_id=readable("request_id"),
    )


def _readable_event_id(raw: msgspec.Raw | None) -> str | None:
    try:
        event_id = _decode_string(raw) if raw is not None else None
    except msgspec.DecodeError:
        return None
    return event_id if event_id is not None and is_valid_event_id(event_id) else None


def is_valid_event_id(text: str) -> bool:
    """Whether ``text`` can be stored, and looked up, as an ``event_id``."""
    try:
        return 0 < len(text.encode()) <= MAX_EVENT_ID_BYTES and "\x00" not in text
    except UnicodeEncodeError:
        return False
