"""A batch's envelope: each item as an event or as its own refusal; what is wrong as a whole is refused whole."""

import json
from collections.abc import Sequence
from typing import Final, TypeVar

import msgspec
from msgspec import Raw

from event_platform.core.envelope import IDEMPOTENCY_KEY
from event_platform.core.strict_json import InvalidJsonError
from event_platform.ingest import problems
from event_platform.ingest.json_parts import elements, members
from event_platform.ingest.problems import Refusal
from event_platform.ingest.request import Event, plain_ordering_key, read_object

MAX_ITEMS: Final = 1_000
MAX_BATCH_BYTES: Final = 4 * 1024 * 1024


class _Item(msgspec.Struct, gc=False):
    """An item whose parts have the right types; what is missing reads as ``null``."""

    idempotency_key: str | None = None
    ordering_key: str | None = None
    event: Raw = Raw(b"null")


class _Batch(msgspec.Struct, gc=False):
    events: list[_Item]


_Any = TypeVar("_Any")

_decode_batch = msgspec.json.Decoder(_Batch).decode


def read_items(body: bytes, max_event_bytes: int) -> list[Event | Refusal]:
    """The items of a batch in their order.

    Raises:
        Refusal: The batch as a whole: no JSON, no list ``events``, an empty one, or too many items.
    """
    try:
        body.decode()
        return [_event_or_refusal(item, max_event_bytes) for item in _items(body)]
    except (InvalidJsonError, UnicodeDecodeError) as error:
        raise Refusal(problems.INVALID_JSON, f"the body is not strict JSON in UTF-8: {error}") from error


def _items(body: bytes) -> Sequence[_Item | Refusal]:
    """One pass over nearly every batch; where a part has another type, each item is looked at by itself.

    4 MiB hold two million items, so they are counted before the first of them is looked at.
    """
    try:
        return _bounded(_decode_batch(body).events)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return [_item(element) for element in _bounded(_elements(body))]


def _elements(body: bytes) -> list[bytes]:
    try:
        return elements(members(body)["events"])
    except (TypeError, KeyError):
        raise Refusal(problems.INVALID_EVENT, 'send an object with a list "events"') from None


def _bounded(items: list[_Any]) -> list[_Any]:
    if not 1 <= len(items) <= MAX_ITEMS:
        raise Refusal(problems.INVALID_EVENT, f"a batch has 1 to {MAX_ITEMS} events, this one has {len(items)}")
    return items


def _item(element: bytes) -> _Item | Refusal:
    try:
        given = members(element)
    except TypeError:
        return Refusal(problems.INVALID_EVENT, "an item must be an object")
    key, ordering_key = _text(given.get("idempotency_key")), _text(given.get("ordering_key"))
    return _Item(key, ordering_key, Raw(given.get("event", b"null")))


def _text(value: bytes | None) -> str | None:
    """The string that ``value`` is; the empty one, which is never a key, for another value."""
    if value is None or value == b"null":
        return None
    return str(json.loads(value)) if value.startswith(b'"') else ""


def _event_or_refusal(item: _Item | Refusal, max_event_bytes: int) -> Event | Refusal:
    if isinstance(item, Refusal):
        return item
    try:
        return _event(item, max_event_bytes)
    except Refusal as refusal:
        if refusal.problem is problems.INVALID_JSON:
            raise
        return refusal


def _event(item: _Item, max_event_bytes: int) -> Event:
    key = item.idempotency_key
    if key is None:
        raise Refusal(problems.MISSING_IDEMPOTENCY_KEY)
    if not IDEMPOTENCY_KEY.fullmatch(key):
        raise Refusal(problems.INVALID_IDEMPOTENCY_KEY)
    ordering_key = None if item.ordering_key is None else plain_ordering_key(item.ordering_key)
    body = bytes(item.event)
    if len(body) > max_event_bytes:
        raise Refusal(problems.PAYLOAD_TOO_LARGE, f"the event is larger than {max_event_bytes} bytes")
    return Event(key, ordering_key, read_object(body), body)
