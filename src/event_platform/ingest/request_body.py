"""Reads request bodies within their bounds, and discards those of rejected requests."""

import re
from typing import Any, Final

from event_platform.ingest import rejections
from event_platform.ingest.body_budget import BodyBudget, BodyReservation
from event_platform.ingest.rejections import Rejection
from event_platform.ingest.request import ClientGoneError, Request

DRAIN_BYTES: Final = 1_048_576
"""How far beyond the bound a body is read and discarded, so that its sender gets to read the response; a longer one
closes the connection."""

_JSON_TYPE: Final = re.compile(rb'application/json(?:[ \t]*;[ \t]*charset="?utf-?8"?)?[ \t]*;?', re.IGNORECASE)


async def read_json_body(request: Request, max_bytes: int, budget: BodyBudget) -> bytes:
    """Return the body, whose size and media type are right.

    Raises:
        Rejection: 413, 415, or 503 where too many large bodies are being read.
        ClientGoneError: The client closed the connection before the body was complete.
    """
    body = await _read_body(request, max_bytes, budget)
    if not _is_json(request):
        raise Rejection(rejections.UNSUPPORTED_MEDIA_TYPE)
    return body


async def _read_body(request: Request, max_bytes: int, budget: BodyBudget) -> bytes:
    declared = int(request.headers.get(b"content-length", b"0"))
    if declared > max_bytes + DRAIN_BYTES or (declared > max_bytes and b"expect" in request.headers):
        raise _too_large(max_bytes, close=True)
    message = await request.receive()
    if message["type"] == "http.request" and not message["more_body"] and len(message["body"]) <= max_bytes:
        return bytes(message["body"])
    with budget.reserve() as reservation:
        return await _read_pieces(request, message, max_bytes, reservation)


async def _read_pieces(request: Request, message: Any, max_bytes: int, reservation: BodyReservation) -> bytes:  # noqa: ANN401 - ASGI's message
    pieces, size = [], 0
    while True:
        if message["type"] != "http.request":
            raise ClientGoneError("reading a body: the client hung up")
        size += len(message["body"])
        if size > max_bytes + DRAIN_BYTES:
            raise _too_large(max_bytes, close=True)
        if size <= max_bytes:
            reservation.grow(len(message["body"]))
            pieces.append(message["body"])
        if not message["more_body"]:
            break
        message = await request.receive()
    if size > max_bytes:
        raise _too_large(max_bytes, close=False)
    return b"".join(pieces)


async def reject_unread(request: Request, rejection: Rejection, max_bytes: int) -> Rejection:
    """Return ``rejection`` for a request whose body is not wanted; keep the connection if the body ends soon.

    The server discards a body of known length after the response. The body must be read first where the response ends
    the connection, because its sender would otherwise not get to read the response.

    Raises:
        ClientGoneError: The client closed the connection before the body was complete.
    """
    declared = int(request.headers.get(b"content-length", b"0"))
    if request.waits_for_continue or declared > max_bytes + DRAIN_BYTES:
        return rejection.closing()
    if b"transfer-encoding" in request.headers or request.ends_connection:
        return rejection if await _discard_body(request, max_bytes + DRAIN_BYTES) else rejection.closing()
    return rejection


async def _discard_body(request: Request, max_bytes: int) -> bool:
    """Read the body to its end; return False if it is larger than ``max_bytes``."""
    size, more = 0, True
    while more and size <= max_bytes:
        message = await request.receive()
        if message["type"] != "http.request":
            raise ClientGoneError("discarding a body: the client hung up")
        size += len(message["body"])
        more = message["more_body"]
    return not more


def _too_large(max_bytes: int, *, close: bool) -> Rejection:
    return Rejection(rejections.PAYLOAD_TOO_LARGE, f"the body is larger than {max_bytes} bytes", close=close)


def _is_json(request: Request) -> bool:
    if b"content-encoding" in request.headers or b"content-type" in request.repeated:
        return False
    given = request.headers.get(b"content-type", b"")
    return given == b"application/json" or _JSON_TYPE.fullmatch(given) is not None
