"""Bytes → the wrapper's fields and the event's members, each still as the producer wrote it."""

import json
from collections.abc import Iterable
from typing import Any, Final
from uuid import UUID

import msgspec

from event_platform.core import strict_json
from event_platform.core.envelope import IDEMPOTENCY_KEY, TENANT_NAME
from event_platform.core.request_ids import parse_request_id
from event_platform.core.rules import timestamps, unstorable
from event_platform.core.rules.outcome import NOBODY, Code, Dead, Identity, Problem, quote

MAX_EVENT_ID_BYTES: Final = 1_024

_WRAPPER_LEVELS: Final = 1
_WHITE_SPACE: Final = b" \t\r\n"


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
    whose: Identity | None = None
    """Known already of a message that had to be repaired, where the members no longer tell."""

    def identity(self) -> Identity:
        """For the dead letter that it may become."""
        if self.whose is not None:
            return self.whose
        wrapper = self.wrapper
        event_id = _readable_event_id(wrapper.event.get("event_id"))
        return Identity(wrapper.tenant_id, event_id, wrapper.idempotency_key, wrapper.request_id)


_decode_wrapper = msgspec.json.Decoder(Wrapper).decode
_decode_string = msgspec.json.Decoder(str).decode
_decode_members = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode


def decode(value: bytes | None) -> Decoded | Dead:
    """Take a message apart; of repeated names the last one holds, as in jsonb."""
    if value is None:
        return Dead(Code.DESERIALIZATION_FAILED, "the value is null")
    good = _decode_good(value)
    if good is not None:
        return good
    found = _explain(value)
    return found if isinstance(found, Dead) else _decode_repaired(value, found)


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


def _explain(value: bytes) -> Dead | Identity:
    """Why the message cannot be decoded; whose it is, where only half a surrogate pair or a repeated name is odd."""
    try:
        parsed = strict_json.parse(value, max_depth=strict_json.MAX_DEPTH + _WRAPPER_LEVELS)
    except strict_json.TooDeepError:
        return _explain_depth(value)
    except strict_json.InvalidJsonError as error:
        return Dead(Code.DESERIALIZATION_FAILED, f"not JSON: {error}")
    if not isinstance(parsed, dict):
        return Dead(Code.DESERIALIZATION_FAILED, "not a JSON object")
    problems = [problem for problem in map(_wrapper_problem, Wrapper.__struct_fields__, [parsed] * 5) if problem]
    whose = _identity(parsed)
    return Dead(Code.DESERIALIZATION_FAILED, "; ".join(problems), whose) if problems else whose


def _explain_depth(value: bytes) -> Dead:
    # It is parsed no further; but what neither begins nor ends like an object is none, however deep it seems.
    text = value.strip(_WHITE_SPACE)
    if not (text.startswith(b"{") and text.endswith(b"}")):
        return Dead(Code.DESERIALIZATION_FAILED, "not a JSON object")
    return Dead(Code.UNSTORABLE, f"nested beyond {strict_json.MAX_DEPTH} levels")


def _decode_repaired(value: bytes, whose: Identity) -> Decoded | Dead:
    text = unstorable.replace_lone_surrogates(value)
    decoded = _decode_good(_without_repeats(text))
    if decoded is None:
        return Dead(Code.DESERIALIZATION_FAILED, "not JSON")
    if text != value:
        decoded.problems.append(Problem(Code.UNSTORABLE, "a string holds half of a surrogate pair"))
    decoded.whose = whose
    return decoded


def _without_repeats(text: bytes) -> bytes:
    """The wrapper with the last of its members of one name; the others may have been of any type."""
    try:
        return join_members(_decode_members(text).items())
    except (ValueError, RecursionError):
        return text


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
