"""Every response of the events API, and the one place that turns rejections and failures into HTTP."""

import json
from collections.abc import Sequence
from typing import Any, Final, TypeAlias

import msgspec

from event_platform.core.errors import UnavailableError
from event_platform.core.telemetry import get_logger
from event_platform.ingest import rejections
from event_platform.ingest.rejections import Rejection

log = get_logger(__name__)

_JSON: Final = (b"content-type", b"application/json")
_CLOSE: Final = (b"connection", b"close")

HeaderList: TypeAlias = tuple[tuple[bytes, bytes], ...]


class ApiResponse(msgspec.Struct, frozen=True):
    """A response to a request for events.

    Attributes:
        status: The HTTP status.
        body: JSON.
        outcome: The label under which the request is counted.
        headers: Besides type, length and ``X-Request-Id``.
    """

    status: int
    body: bytes
    outcome: str
    headers: HeaderList = ()


def accepted(request_id: str) -> ApiResponse:
    """Return the 202 of a new event."""
    return ApiResponse(202, accepted_body(request_id), "ACCEPTED")


def accepted_body(request_id: str) -> bytes:
    """Return the body of `accepted`, which is also a batch's result for a new event."""
    return b'{"status":"accepted","request_id":"req_%b","duplicate":false}' % request_id.encode()


def duplicate(first_id: str) -> ApiResponse:
    """Return the 202 of an event that was acknowledged before."""
    return ApiResponse(202, duplicate_body(first_id), "DUPLICATE")


def duplicate_body(first_id: str) -> bytes:
    """Return the body of `duplicate`, which is also a batch's result for a duplicate."""
    return b'{"status":"accepted","request_id":"req_%b","duplicate":true}' % first_id.encode()


def batch(counts: tuple[int, int, int], results: Sequence[bytes], headers: HeaderList) -> ApiResponse:
    """Return the 202 of a batch; ``counts`` are the new, duplicate and rejected ones of its ``results``."""
    body = b'{"accepted":%d,"duplicates":%d,"rejected":%d,"results":[%b]}' % (*counts, b",".join(results))
    return ApiResponse(202, body, "BATCH", headers)


def rejected_body(code: str, message: str) -> bytes:
    """Return a batch's result for an item that was not accepted."""
    return _json({"status": "rejected", "error": {"code": code, "message": message}})


def rejected(rejection: Rejection, request_id: str) -> ApiResponse:
    """Return the response that ``rejection`` stands for."""
    kind = rejection.kind
    headers = (*rejection.headers, _CLOSE) if rejection.close else rejection.headers
    return ApiResponse(kind.status, error_body(kind.code, rejection.message, request_id), kind.code, headers)


def failed(error: Exception, request_id: str) -> ApiResponse:
    """Return the response to a request whose handler raised ``error``."""
    if isinstance(error, Rejection):
        return rejected(error, request_id)
    if isinstance(error, UnavailableError):
        return rejected(rejections.unavailable(), request_id)
    log.error("request failed", request_id=f"req_{request_id}", exc_info=error)
    return rejected(Rejection(rejections.INTERNAL_ERROR), request_id)


def error_body(code: str, message: str, request_id: str) -> bytes:
    """Return the body of every error response."""
    error = {"code": code, "message": message, "request_id": f"req_{request_id}"}
    return _json({"error": error})


def _json(value: dict[str, Any]) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()


async def send_response(send: Any, response: ApiResponse, request_id: str) -> None:  # noqa: ANN401 - ASGI's callable
    """Send ``response`` as ASGI messages."""
    headers = [_JSON, (b"content-length", b"%d" % len(response.body)), (b"x-request-id", b"req_" + request_id.encode())]
    headers += response.headers
    await send({"type": "http.response.start", "status": response.status, "headers": headers})
    await send({"type": "http.response.body", "body": response.body})
