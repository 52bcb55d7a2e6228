"""Decodes responses: what each says about every event of its request."""

from http import HTTPStatus
from typing import Final

import msgspec
from msgspec import Struct

from event_platform.loadgen.recording.attempt_result import AttemptResult
from event_platform.loadgen.traffic.events import Request

_STATUS_OF_CODE: Final = {
    "RATE_LIMITED": HTTPStatus.TOO_MANY_REQUESTS,
    "IDEMPOTENCY_IN_PROGRESS": HTTPStatus.CONFLICT,
    "IDEMPOTENCY_KEY_REUSED": HTTPStatus.UNPROCESSABLE_ENTITY,
    "PAYLOAD_TOO_LARGE": HTTPStatus.CONTENT_TOO_LARGE if hasattr(HTTPStatus, "CONTENT_TOO_LARGE") else 413,
    "UNAVAILABLE": HTTPStatus.SERVICE_UNAVAILABLE,
}
"""Status that a single request would have had in place of a batch item's error code; any other code means 400."""


# A Struct, because one is made for each request, and a frozen dataclass takes nine times as long to make.
class HttpResponse(Struct, frozen=True):
    """An HTTP response as received."""

    status: int
    body: bytes
    retry_after: str = ""


class _Error(Struct):
    code: str = ""


class _EventResult(Struct):
    """Body of a single request's response, and one item's result in a batch's response."""

    status: str = ""
    request_id: str | None = None
    duplicate: bool = False
    error: _Error | None = None


class _BatchResult(Struct):
    results: list[_EventResult]


_event_decoder: Final = msgspec.json.Decoder(_EventResult)
_batch_decoder: Final = msgspec.json.Decoder(_BatchResult)


def decode_results(response: HttpResponse, request: Request) -> list[AttemptResult]:
    """Return the result for each of the request's events, in order."""
    retry_after = float(response.retry_after) if response.retry_after.isdigit() else None
    try:
        if response.status == HTTPStatus.ACCEPTED and response.body.startswith(b'{"accepted"'):
            return _item_results(response, request, retry_after)
        result = _result(response.status, _event_decoder.decode(response.body), retry_after)
    except msgspec.DecodeError:
        result = AttemptResult(response.status, "not the platform's answer", retry_after_seconds=retry_after)
    return [result] * len(request.events)


def _item_results(response: HttpResponse, request: Request, retry_after: float | None) -> list[AttemptResult]:
    items = _batch_decoder.decode(response.body).results
    if len(items) != len(request.events):
        raise msgspec.DecodeError(f"{len(items)} results for {len(request.events)} items")
    return [_result(_item_status(item), item, retry_after) for item in items]


def _item_status(item: _EventResult) -> int:
    if item.error is None:
        return HTTPStatus.ACCEPTED
    return int(_STATUS_OF_CODE.get(item.error.code, HTTPStatus.BAD_REQUEST))


def _result(status: int, body: _EventResult, retry_after: float | None) -> AttemptResult:
    code = body.error.code if body.error else ""
    return AttemptResult(status, code, body.request_id, body.duplicate, retry_after_seconds=retry_after)
