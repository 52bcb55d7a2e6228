"""Every answer of ingest, and the one place that turns refusals and failures into HTTP."""

import json
from collections.abc import Sequence
from typing import Any, Final

import msgspec

from event_platform.core.errors import UnavailableError
from event_platform.core.telemetry import get_logger
from event_platform.ingest import problems
from event_platform.ingest.problems import Refusal

log = get_logger(__name__)

_JSON: Final = (b"content-type", b"application/json")
_CLOSE: Final = (b"connection", b"close")

HeaderList = tuple[tuple[bytes, bytes], ...]


class Answer(msgspec.Struct, frozen=True):
    """What a request is answered.

    Attributes:
        status: The HTTP status.
        body: JSON.
        outcome: The name under which it is counted.
        headers: Beside type, length and ``X-Request-Id``.
    """

    status: int
    body: bytes
    outcome: str
    headers: HeaderList = ()


def accepted(request_id: str) -> Answer:
    """202 for a new event."""
    return Answer(202, accepted_body(request_id), "ACCEPTED")


def accepted_body(request_id: str) -> bytes:
    """The body of `accepted`, and what a batch says of a new event."""
    return b'{"status":"accepted","request_id":"req_%b","duplicate":false}' % request_id.encode()


def duplicate(first_id: str) -> Answer:
    """202 for an event that was acknowledged before."""
    return Answer(202, duplicate_body(first_id), "DUPLICATE")


def duplicate_body(first_id: str) -> bytes:
    """The body of `duplicate`, and what a batch says of such an event."""
    return b'{"status":"accepted","request_id":"req_%b","duplicate":true}' % first_id.encode()


def batch(counts: tuple[int, int, int], results: Sequence[bytes], headers: HeaderList) -> Answer:
    """202 for a batch; ``counts`` are the new, the duplicate and the rejected ones of its ``results``."""
    body = b'{"accepted":%d,"duplicates":%d,"rejected":%d,"results":[%b]}' % (*counts, b",".join(results))
    return Answer(202, body, "BATCH", headers)


def rejected_body(code: str, message: str) -> bytes:
    """What a batch says of an item that was not accepted."""
    return _json({"status": "rejected", "error": {"code": code, "message": message}})


def refused(refusal: Refusal, request_id: str) -> Answer:
    """The answer that a refusal stands for."""
    problem = refusal.problem
    headers = (*refusal.headers, _CLOSE) if refusal.close else refusal.headers
    return Answer(problem.status, error_body(problem.code, refusal.message, request_id), problem.code, headers)


def failed(error: Exception, request_id: str) -> Answer:
    """The answer to a request during which ``error`` was raised."""
    if isinstance(error, Refusal):
        return refused(error, request_id)
    if isinstance(error, UnavailableError):
        return refused(problems.unavailable(), request_id)
    log.error("answering a request failed", request_id=f"req_{request_id}", exc_info=error)
    return refused(Refusal(problems.INTERNAL_ERROR), request_id)


def error_body(code: str, message: str, request_id: str) -> bytes:
    """The body of every error."""
    error = {"code": code, "message": message, "request_id": f"req_{request_id}"}
    return _json({"error": error})


def _json(value: dict[str, Any]) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()


async def send_answer(send: Any, answer: Answer, request_id: str) -> None:  # noqa: ANN401 - ASGI's callable
    """Send ``answer`` as ASGI wants it."""
    headers = [_JSON, (b"content-length", b"%d" % len(answer.body)), (b"x-request-id", b"req_" + request_id.encode())]
    headers += answer.headers
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    await send({"type": "http.response.body", "body": answer.body})
