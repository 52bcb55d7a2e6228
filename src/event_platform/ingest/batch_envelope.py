"""Reads a batch: each item becomes an event or a rejection of its own; a malformed envelope rejects the whole batch."""

import json
from collections.abc import Sequence
from typing import Final, TypeVar

import msgspec
from msgspec import Raw

from event_platform.core.envelope import IDEMPOTENCY_KEY
from event_platform.core.strict_json import InvalidJsonError
from event_platform.ingest import rejections
from event_platform.ingest.event import Event, checked_ordering_key, fingerprint_object
from event_platform.ingest.json_splitter import split_array, split_object
from event_platform.ingest.rejections import Rejection

MAX_ITEMS: Final = 1_000
MAX_BATCH_BYTES: Final = 4 * 1024 * 1024


class _RawItem(msgspec.Struct, gc=False):
    """An item whose members have the right types; missing ones read as ``null``."""

    idempotency_key: str | None = None
    ordering_key: str | None = None
    event: Raw = Raw(b"null")


class _RawBatch(msgspec.Struct, gc=False):
    events: list[_RawItem]


_Item = TypeVar("_Item")

_decode_batch: Final = msgspec.json.Decoder(_RawBatch).decode


def read_items(body: bytes, max_event_bytes: int) -> list[Event | Rejection]:
    """Return the items of a batch in order.

    Raises:
        Rejection: Of the whole batch: not JSON, no list ``events``, an empty one, or too many items.
    """
    try:
        body.decode()
        return [_event_or_rejection(item, max_event_bytes) for item in _raw_items(body)]
    except (InvalidJsonError, UnicodeDecodeError) as error:
        raise Rejection(rejections.INVALID_JSON, f"the body is not strict JSON in UTF-8: {error}") from error


def _raw_items(body: bytes) -> Sequence[_RawItem | Rejection]:
    """Decode nearly every batch in one pass; where a member has another type, read the items one by one.

    4 MiB can hold two million items, so they are counted before the first one is read.
    """
    try:
        return _bounded(_decode_batch(body).events)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return [_read_item(element) for element in _bounded(_elements(body))]


def _elements(body: bytes) -> list[bytes]:
    try:
        return split_array(split_object(body)["events"])
    except (TypeError, KeyError):
        raise Rejection(rejections.INVALID_EVENT, 'send an object with a list "events"') from None


def _bounded(items: list[_Item]) -> list[_Item]:
    if not 1 <= len(items) <= MAX_ITEMS:
        raise Rejection(rejections.INVALID_EVENT, f"a batch has 1 to {MAX_ITEMS} events, this one has {len(items)}")
    return items


def _read_item(element: bytes) -> _RawItem | Rejection:
    try:
        given = split_object(element)
    except TypeError:
        return Rejection(rejections.INVALID_EVENT, "an item must be an object")
    key, ordering_key = _text(given.get("idempotency_key")), _text(given.get("ordering_key"))
    return _RawItem(key, ordering_key, Raw(given.get("event", b"null")))


def _text(value: bytes | None) -> str | None:
    """Decode a string; return the empty one, which is never a valid key, for a value of another type."""
    if value is None or value == b"null":
        return None
    return str(json.loads(value)) if value.startswith(b'"') else ""


def _event_or_rejection(item: _RawItem | Rejection, max_event_bytes: int) -> Event | Rejection:
    if isinstance(item, Rejection):
        return item
    try:
        return _event(item, max_event_bytes)
    except Rejection as rejection:
        if rejection.kind is rejections.INVALID_JSON:
            raise
        return rejection


def _event(item: _RawItem, max_event_bytes: int) -> Event:
    key = item.idempotency_key
    if key is None:
        raise Rejection(rejections.MISSING_IDEMPOTENCY_KEY)
    if not IDEMPOTENCY_KEY.fullmatch(key):
        raise Rejection(rejections.INVALID_IDEMPOTENCY_KEY)
    ordering_key = None if item.ordering_key is None else checked_ordering_key(item.ordering_key)
    body = bytes(item.event)
    if len(body) > max_event_bytes:
        raise Rejection(rejections.PAYLOAD_TOO_LARGE, f"the event is larger than {max_event_bytes} bytes")
    return Event(key, ordering_key, fingerprint_object(body), body)
