"""A request's headers and body, read as an event that is well-formed enough to be published."""

import re
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final

import msgspec

from event_platform.core.envelope import IDEMPOTENCY_KEY
from event_platform.core.errors import PlatformError
from event_platform.core.strict_json import InvalidJsonError, TooDeepError
from event_platform.ingest import fingerprint, problems
from event_platform.ingest.body_budget import BodyBudget, Hold
from event_platform.ingest.problems import Refusal
from event_platform.ingest.request_ids import Ticket
from event_platform.ingest.slow_lane import SHORT_BYTES, SlowLane

DRAIN_BYTES: Final = 1_048_576
"""A body that is too large is read on to its end and dropped if it is not larger than this, so that its sender gets to
read the answer; a longer one has its connection closed."""

_OURS: Final = (b"x-api-key", b"idempotency-key", b"content-type", b"ordering-key")
_QUOTED: Final = re.compile(r'"((?:[\x20\x21\x23-\x5b\x5d-\x7e]|\\["\\])*)"')
_JSON_TYPE: Final = re.compile(rb'application/json(?:[ \t]*;[ \t]*charset="?utf-?8"?)?[ \t]*;?', re.IGNORECASE)
_ORDERING_KEY: Final = re.compile(r"[\x20-\x7e]{1,255}")
_TRACEPARENT: Final = re.compile(rb"(?!ff)[0-9a-f]{2}-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}")

Receive = Callable[[], Awaitable[Any]]


class ClientGoneError(PlatformError):
    """The client hung up before its request was complete."""


class Request(msgspec.Struct, frozen=True):
    """A request as it came.

    Attributes:
        headers: By name in lower case; of a repeated one the last.
        repeated: Names of ours that came more than once.
        receive: ASGI's.
        ticket: Its id and moment.
        http_version: As in ``1.1``.
    """

    headers: Mapping[bytes, bytes]
    repeated: frozenset[bytes]
    receive: Receive
    ticket: Ticket
    http_version: str = "1.1"

    @property
    def ends_connection(self) -> bool:
        """Whether its connection ends with the answer."""
        return self.http_version == "1.0" or b"close" in self.headers.get(b"connection", b"").lower()

    @property
    def waits_for_continue(self) -> bool:
        """Whether the body is kept back until it is asked for (RFC 9110, section 10.1.1)."""
        return b"expect" in self.headers and self.http_version != "1.0"

    @property
    def traceparent(self) -> bytes | None:
        """To be passed on with the events, if it is one."""
        given = self.headers.get(b"traceparent")
        return given if given is not None and _TRACEPARENT.fullmatch(given) else None


class Event(msgspec.Struct, frozen=True, gc=False):
    """What a request wants published.

    Attributes:
        idempotency_key: 1 to 255 visible ASCII characters.
        ordering_key: Events with the same one keep their order; None means the idempotency key.
        fingerprint: 32 bytes that say what the body means.
        body: The producer's own bytes.
    """

    idempotency_key: str
    ordering_key: str | None
    fingerprint: bytes
    body: bytes


def read_head(
    headers: list[tuple[bytes, bytes]], receive: Receive, ticket: Ticket, http_version: str = "1.1"
) -> Request:
    """The request that begins with ``headers``."""
    by_name = dict(headers)
    repeated: frozenset[bytes] = frozenset()
    if len(by_name) != len(headers):
        names = [name for name, _ in headers]
        repeated = frozenset(name for name in _OURS if names.count(name) > 1)
    return Request(by_name, repeated, receive, ticket, http_version)


async def read_event(request: Request, tenant: str, body: bytes, slow_lane: SlowLane) -> Event:
    """Idempotency key and body, in that order.

    Raises:
        Refusal: The first of them that is wrong.
    """
    key = _idempotency_key(request)
    ordering_key = _ordering_key(request)
    digest = read_object(body) if len(body) <= SHORT_BYTES else await slow_lane.read(tenant, body, read_object)
    return Event(key, ordering_key, digest, body)


async def read_json_body(request: Request, max_bytes: int, budget: BodyBudget) -> bytes:
    """The body, of the right size and type.

    Raises:
        Refusal: 413, 415, or 503 where too many large bodies are being read.
        ClientGoneError: It never came to its end.
    """
    body = await _read_body(request, max_bytes, budget)
    if not _is_json(request):
        raise Refusal(problems.UNSUPPORTED_MEDIA_TYPE)
    return body


async def _read_body(request: Request, max_bytes: int, budget: BodyBudget) -> bytes:
    declared = int(request.headers.get(b"content-length", b"0"))
    if declared > max_bytes + DRAIN_BYTES or (declared > max_bytes and b"expect" in request.headers):
        raise _too_large(max_bytes, close=True)
    message = await request.receive()
    if message["type"] == "http.request" and not message["more_body"] and len(message["body"]) <= max_bytes:
        return bytes(message["body"])
    with budget.hold() as hold:
        return await _read_parts(request, message, max_bytes, hold)


async def _read_parts(request: Request, message: Any, max_bytes: int, hold: Hold) -> bytes:  # noqa: ANN401 - ASGI's message
    parts, size = [], 0
    while True:
        if message["type"] != "http.request":
            raise ClientGoneError("reading a body: the client hung up")
        size += len(message["body"])
        if size > max_bytes + DRAIN_BYTES:
            raise _too_large(max_bytes, close=True)
        if size <= max_bytes:
            hold.grow(len(message["body"]))
            parts.append(message["body"])
        if not message["more_body"]:
            break
        message = await request.receive()
    if size > max_bytes:
        raise _too_large(max_bytes, close=False)
    return b"".join(parts)


async def leave_unread(request: Request, refusal: Refusal, max_bytes: int) -> Refusal:
    """``refusal``, for a request whose body nobody wants; the connection goes on where its end is near.

    A body of a length that is known comes to its end behind the answer, and is dropped by the server. It is awaited
    where the connection must not end before, because its sender would not get to read the answer.

    Raises:
        ClientGoneError: The body never came to its end.
    """
    declared = int(request.headers.get(b"content-length", b"0"))
    if request.waits_for_continue or declared > max_bytes + DRAIN_BYTES:
        return refusal.closing()
    if b"transfer-encoding" in request.headers or request.ends_connection:
        return refusal if await _drop_body(request, max_bytes + DRAIN_BYTES) else refusal.closing()
    return refusal


async def _drop_body(request: Request, max_bytes: int) -> bool:
    """Read the body to its end; False if it is larger than that."""
    size, more = 0, True
    while more and size <= max_bytes:
        message = await request.receive()
        if message["type"] != "http.request":
            raise ClientGoneError("dropping a body: the client hung up")
        size += len(message["body"])
        more = message["more_body"]
    return not more


def _too_large(max_bytes: int, *, close: bool) -> Refusal:
    return Refusal(problems.PAYLOAD_TOO_LARGE, f"the body is larger than {max_bytes} bytes", close=close)


def _is_json(request: Request) -> bool:
    if b"content-encoding" in request.headers or b"content-type" in request.repeated:
        return False
    given = request.headers.get(b"content-type", b"")
    return given == b"application/json" or _JSON_TYPE.fullmatch(given) is not None


def _idempotency_key(request: Request) -> str:
    given = request.headers.get(b"idempotency-key")
    if given is None:
        raise Refusal(problems.MISSING_IDEMPOTENCY_KEY)
    key = plain_key(given.decode("latin-1"))
    if key is None or b"idempotency-key" in request.repeated:
        raise Refusal(problems.INVALID_IDEMPOTENCY_KEY)
    return key


def plain_key(text: str) -> str | None:
    """The key that ``text`` means, quoted (RFC 9651, section 3.3.3) or not; None if it is none."""
    quoted = _QUOTED.fullmatch(text) if text[:1] == '"' else None
    key = re.sub(r"\\(.)", r"\1", quoted[1]) if quoted else text
    return key if IDEMPOTENCY_KEY.fullmatch(key) else None


def _ordering_key(request: Request) -> str | None:
    given = request.headers.get(b"ordering-key")
    if given is None:
        return None
    if b"ordering-key" in request.repeated:
        raise Refusal(problems.INVALID_EVENT, "Ordering-Key was given more than once")
    return plain_ordering_key(given.decode("latin-1"))


def plain_ordering_key(text: str) -> str:
    """``text``, if it can be an ordering key.

    Raises:
        Refusal: It cannot.
    """
    if not _ORDERING_KEY.fullmatch(text):
        raise Refusal(problems.INVALID_EVENT, "the ordering key must be 1 to 255 printable ASCII characters")
    return text


def read_object(body: bytes) -> bytes:
    """The fingerprint of ``body``, which is one JSON object.

    Raises:
        Refusal: It is not.
    """
    try:
        value = fingerprint.parse(body)
    except TooDeepError as error:
        raise Refusal(problems.INVALID_EVENT, f"the event is {error}") from error
    except InvalidJsonError as error:
        raise Refusal(problems.INVALID_JSON, f"the body is not strict JSON in UTF-8: {error}") from error
    if not isinstance(value, dict):
        raise Refusal(problems.INVALID_EVENT)
    return fingerprint.of(value, body)
