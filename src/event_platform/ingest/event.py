"""Reads a request's keys and body as an event that is well-formed enough to be published."""

import re
from typing import Final

import msgspec

from event_platform.core.envelope import IDEMPOTENCY_KEY
from event_platform.core.strict_json import InvalidJsonError, TooDeepError
from event_platform.ingest import fingerprint, rejections
from event_platform.ingest.offloaded_parsing import ALWAYS_INLINE_BYTES, OffloadedParser
from event_platform.ingest.rejections import Rejection
from event_platform.ingest.request import Request

_QUOTED: Final = re.compile(r'"((?:[\x20\x21\x23-\x5b\x5d-\x7e]|\\["\\])*)"')
_ORDERING_KEY: Final = re.compile(r"[\x20-\x7e]{1,255}")


class Event(msgspec.Struct, frozen=True, gc=False):
    """An event to publish.

    Attributes:
        idempotency_key: 1 to 255 visible ASCII characters.
        ordering_key: Events with the same one keep their order; None stands for the idempotency key.
        fingerprint: 32 bytes that identify the content of the body.
        body: The producer's own bytes.
    """

    idempotency_key: str
    ordering_key: str | None
    fingerprint: bytes
    body: bytes


async def read_event(request: Request, tenant: str, body: bytes, parser: OffloadedParser) -> Event:
    """Check idempotency key, ordering key and body, in that order.

    Raises:
        Rejection: The first of them that is wrong.
    """
    key = _idempotency_key(request)
    ordering_key = _ordering_key(request)
    if len(body) <= ALWAYS_INLINE_BYTES:
        digest = fingerprint_object(body)
    else:
        digest = await parser.parse(tenant, body, fingerprint_object)
    return Event(key, ordering_key, digest, body)


def _idempotency_key(request: Request) -> str:
    given = request.headers.get(b"idempotency-key")
    if given is None:
        raise Rejection(rejections.MISSING_IDEMPOTENCY_KEY)
    key = _unquoted_idempotency_key(given.decode("latin-1"))
    if key is None or b"idempotency-key" in request.repeated:
        raise Rejection(rejections.INVALID_IDEMPOTENCY_KEY)
    return key


def _unquoted_idempotency_key(text: str) -> str | None:
    """Return the key in ``text``, quoted (RFC 9651, section 3.3.3) or not; None if it is invalid."""
    quoted = _QUOTED.fullmatch(text) if text[:1] == '"' else None
    key = re.sub(r"\\(.)", r"\1", quoted[1]) if quoted else text
    return key if IDEMPOTENCY_KEY.fullmatch(key) else None


def _ordering_key(request: Request) -> str | None:
    given = request.headers.get(b"ordering-key")
    if given is None:
        return None
    if b"ordering-key" in request.repeated:
        raise Rejection(rejections.INVALID_EVENT, "Ordering-Key was given more than once")
    return checked_ordering_key(given.decode("latin-1"))


def checked_ordering_key(text: str) -> str:
    """Return ``text`` if it is a valid ordering key.

    Raises:
        Rejection: It is not.
    """
    if not _ORDERING_KEY.fullmatch(text):
        raise Rejection(rejections.INVALID_EVENT, "the ordering key must be 1 to 255 printable ASCII characters")
    return text


def fingerprint_object(body: bytes) -> bytes:
    """Return the fingerprint of ``body`` if it is one JSON object.

    Raises:
        Rejection: It is not.
    """
    try:
        value = fingerprint.parse(body)
    except TooDeepError as error:
        raise Rejection(rejections.INVALID_EVENT, f"the event is {error}") from error
    except InvalidJsonError as error:
        raise Rejection(rejections.INVALID_JSON, f"the body is not strict JSON in UTF-8: {error}") from error
    if not isinstance(value, dict):
        raise Rejection(rejections.INVALID_EVENT)
    return fingerprint.digest(value, body)
