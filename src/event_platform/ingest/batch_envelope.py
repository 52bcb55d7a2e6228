"""A batch's envelope: each item as an event or as its own refusal; what is wrong as a whole is refused whole."""

import json
from typing import Final

from event_platform.core.envelope import IDEMPOTENCY_KEY
from event_platform.core.strict_json import InvalidJsonError
from event_platform.ingest import problems
from event_platform.ingest.json_parts import elements, members
from event_platform.ingest.problems import Refusal
from event_platform.ingest.request import Event, plain_ordering_key, read_object

MAX_ITEMS: Final = 1_000
MAX_BATCH_BYTES: Final = 4 * 1024 * 1024


def read_items(body: bytes, max_event_bytes: int) -> list[Event | Refusal]:
    """The items of a batch in their order.

    Raises:
        Refusal: The batch as a whole: no JSON, no list ``events``, an empty one, or too many items.
    """
    try:
        body.decode()
        return [_item(item, max_event_bytes) for item in _events(body)]
    except (InvalidJsonError, UnicodeDecodeError) as error:
        raise Refusal(problems.INVALID_JSON, f"the body is not strict JSON in UTF-8: {error}") from error


def _events(body: bytes) -> list[bytes]:
    try:
        items = elements(members(body)["events"])
    except (TypeError, KeyError):
        raise _wrong_batch('send an object with a list "events"') from None
    if not 1 <= len(items) <= MAX_ITEMS:
        raise _wrong_batch(f"a batch has 1 to {MAX_ITEMS} events, this one has {len(items)}")
    return items


def _wrong_batch(message: str) -> Refusal:
    return Refusal(problems.INVALID_EVENT, message)


def _item(item: bytes, max_event_bytes: int) -> Event | Refusal:
    try:
        return _event(item, max_event_bytes)
    except Refusal as refusal:
        if refusal.problem is problems.INVALID_JSON:
            raise
        return refusal


def _event(item: bytes, max_event_bytes: int) -> Event:
    try:
        given = members(item)
    except TypeError:
        raise Refusal(problems.INVALID_EVENT, "an item must be an object") from None
    key = _idempotency_key(given.get("idempotency_key"))
    ordering_key = _ordering_key(given.get("ordering_key"))
    body = given.get("event", b"null")
    if len(body) > max_event_bytes:
        raise Refusal(problems.PAYLOAD_TOO_LARGE, f"the event is larger than {max_event_bytes} bytes")
    return Event(key, ordering_key, read_object(body), body)


def _text(value: bytes) -> str | None:
    """The string that ``value`` is, None if it is another value."""
    text = json.loads(value) if value.startswith(b'"') else None
    return text if isinstance(text, str) else None


def _idempotency_key(value: bytes | None) -> str:
    if value is None or value == b"null":
        raise Refusal(problems.MISSING_IDEMPOTENCY_KEY)
    key = _text(value)
    if key is None or not IDEMPOTENCY_KEY.fullmatch(key):
        raise Refusal(problems.INVALID_IDEMPOTENCY_KEY)
    return key


def _ordering_key(value: bytes | None) -> str | None:
    if value is None or value == b"null":
        return None
    return plain_ordering_key(_text(value) or "")
