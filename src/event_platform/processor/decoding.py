"""Bytes → the wrapper's fields and the event's members, each still as the producer wrote it."""

import json
from collections.abc import Iterable
from typing import Any, Final
from uuid import UUID

import msgspec

from event_platform.core import strict_json
from event_platform.core.envelope import IDEMPOTENCY_KEY, TENANT_NAME, parse_request_id
from event_platform.processor import storable, timestamps
from event_platform.processor.outcome import NOBODY, Code, Dead, Identity, Problem, quote

MAX_EVENT_ID_BYTES: Final = 1_024

_WRAPPER_LEVELS: Final = 1


class Wrapper(msgspec.Struct, gc=False):
    """The value of a raw message; the members of the event are slices of the message's bytes."""

    tenant_id: str
    received_at: str
    request_id: str
    idempotency_key: str
    event: dict[str, msgspec.Raw]


class Decoded(msgspec.Struct):
    """A message that says whose event it is."""

    wrapper: Wrapper
    id: UUID
    received_at_us: int
    problems: list[Problem]
    """What decoding itself found to be unstorable."""

    def identity(self) -> Identity:
        """For the dead letter that it may become."""
        wrapper = self.wrapper
        event_id = _readable_event_id(wrapper.event.get("event_id"))
        return Identity(wrapper.tenant_id, event_id, wrapper.idempotency_key, wrapper.request_id)


_decode_wrapper = msgspec.json.Decoder(Wrapper).decode
_decode_string = msgspec.json.Decoder(str).decode


def decode(value: bytes | None) -> Decoded | Dead:
    """Take a message apart; of repeated names the last one holds, as in jsonb."""
    if value is None:
        return Dead(Code.DESERIALIZATION_FAILED, "the value is null")
    return _decode_good(value) or _explain(value) or _decode_repaired(value)


def join_members(members: Iterable[tuple[str, msgspec.Raw]]) -> bytes:
    """The JSON object of ``members``; each value as it was written."""
    return b"{%b}" % b",".join(b"%b:%b" % (json.dumps(name).encode(), value) for name, value in members)


def _decode_good(value: bytes) -> Decoded | None:
    """The quick way, for what is right in every respect; None for everything else."""
    try:
        if not value.isascii():
            value.decode()
        wrapper = _decode_wrapper(value)
        event_id = parse_request_id(wrapper.request_id)
        if event_id is None or not _are_names(wrapper.tenant_id, wrapper.idempotency_key):
            return None
        return Decoded(wrapper, event_id, timestamps.parse(wrapper.received_at), [])
    except (ValueError, RecursionError):
        # msgspec's errors and UnicodeDecodeError are ValueErrors.
        return None


def _are_names(tenant_id: str, idempotency_key: str) -> bool:
    return bool(TENANT_NAME.fullmatch(tenant_id) and IDEMPOTENCY_KEY.fullmatch(idempotency_key))


def _explain(value: bytes) -> Dead | None:
    """Why the message cannot be decoded, or None where half a surrogate pair is all that is wrong with it."""
    try:
        parsed = strict_json.parse(value, max_depth=strict_json.MAX_DEPTH + _WRAPPER_LEVELS)
    except strict_json.TooDeepError:
        return Dead(Code.UNSTORABLE, f"nested beyond {strict_json.MAX_DEPTH} levels")
    except strict_json.InvalidJsonError as error:
        return Dead(Code.DESERIALIZATION_FAILED, f"not JSON: {error}")
    if not isinstance(parsed, dict):
        return Dead(Code.DESERIALIZATION_FAILED, "not a JSON object")
    problems = [problem for problem in map(_wrapper_problem, Wrapper.__struct_fields__, [parsed] * 5) if problem]
    return Dead(Code.DESERIALIZATION_FAILED, "; ".join(problems), _identity(parsed)) if problems else None


def _decode_repaired(value: bytes) -> Decoded | Dead:
    decoded = _decode_good(storable.replace_lone_surrogates(value))
    if decoded is None:
        return Dead(Code.DESERIALIZATION_FAILED, "not JSON")
    decoded.problems.append(Problem(Code.UNSTORABLE, "a string holds half of a surrogate pair"))
    return decoded


def _wrapper_problem(name: str, parsed: dict[str, Any]) -> str | None:
    if name not in parsed:
        return f"missing {name}"
    value = parsed[name]
    if name == "event":
        return None if isinstance(value, dict) else "event is not an object"
    if not isinstance(value, str):
        return f"{name} is not a string"
    return None if _is_right(name, value) else f"{name} is not {_EXPECTED[name]}: {_quote_text(value)}"


_EXPECTED: Final = {
    "tenant_id": "a tenant's name",
    "received_at": "RFC 3339",
    "request_id": "req_<uuid>",
    "idempotency_key": "1 to 255 visible ASCII characters",
}


def _is_right(name: str, value: str) -> bool:
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


def _identity(parsed: dict[str, Any]) -> Identity:
    """The fields of the wrapper that are right, whatever is wrong with the others."""

    def readable(name: str) -> str | None:
        value = parsed.get(name)
        return value if isinstance(value, str) and _is_right(name, value) else None

    event = parsed.get("event")
    event_id = event.get("event_id") if isinstance(event, dict) else None
    shown = event_id if isinstance(event_id, str) and is_event_id(event_id) else None
    return msgspec.structs.replace(
        NOBODY,
        tenant_id=readable("tenant_id"),
        event_id=shown,
        idempotency_key=readable("idempotency_key"),
        request_id=readable("request_id"),
    )


def _readable_event_id(raw: msgspec.Raw | None) -> str | None:
    try:
        event_id = _decode_string(raw) if raw is not None else None
    except msgspec.DecodeError:
        return None
    return event_id if event_id is not None and is_event_id(event_id) else None


def is_event_id(text: str) -> bool:
    """Whether ``text`` can be kept, and looked up, as an event's id."""
    try:
        return 0 < len(text.encode()) <= MAX_EVENT_ID_BYTES and "\x00" not in text
    except UnicodeEncodeError:
        return False
