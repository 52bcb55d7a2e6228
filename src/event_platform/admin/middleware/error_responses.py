"""Error responses, all of the form ``{"error": {"code", "message"}}`` and all made here."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from event_platform.core.errors import InvalidInputError, UnavailableError
from event_platform.core.telemetry import get_logger

MAX_REPORTED_PARAMETERS: Final = 10
"""Invalid parameters that one message reports."""

_MESSAGES: Final = {
    404: "there is nothing at this path; /docs lists what there is",
    415: "expected Content-Type: application/json",
    405: "this path does not answer that method; the header Allow names what it answers",
}
_HEADERS: Final[Mapping[int, Mapping[str, str]]] = {
    401: {"WWW-Authenticate": "Bearer"},
    503: {"Retry-After": "1"},
}

log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class ErrorDetails:
    """Status, code and message of an error response."""

    status: int
    code: str
    message: str


_NOT_JSON: Final = ErrorDetails(400, "INVALID_JSON", "the body is not JSON")


def error_response(error: ErrorDetails, headers: Mapping[str, str] | None = None) -> JSONResponse:
    """Make the JSON response for an error, with the headers that its status requires."""
    body = {"error": {"code": error.code, "message": error.message}}
    return JSONResponse(body, error.status, {**_HEADERS.get(error.status, {}), **(headers or {})})


def register(app: FastAPI) -> None:
    """Make ``app`` answer every exception with an error response."""
    app.add_exception_handler(RequestValidationError, _on_validation_error)
    app.add_exception_handler(InvalidInputError, _on_invalid_input)
    app.add_exception_handler(UnavailableError, _on_unavailable)
    app.add_exception_handler(HTTPException, _on_http_exception)
    app.add_exception_handler(Exception, _on_unexpected_error)


async def _on_validation_error(_request: Request, error: Exception) -> JSONResponse:
    details: Sequence[Any] = error.errors() if isinstance(error, RequestValidationError) else ()
    if any(each["type"] == "json_invalid" for each in details):
        return error_response(_NOT_JSON)
    message = "; ".join(_explain(each) for each in details[:MAX_REPORTED_PARAMETERS])
    return error_response(ErrorDetails(422, "INVALID_PARAMETER", message))


def _explain(detail: Mapping[str, Any]) -> str:
    # The first part of the location is "query" or "body".
    name = ".".join(str(part) for part in detail["loc"][1:]) or "body"
    return f"{name}: {str(detail['msg']).removeprefix('Value error, ')}"


async def _on_invalid_input(_request: Request, error: Exception) -> JSONResponse:
    return error_response(ErrorDetails(422, "INVALID_PARAMETER", str(error)))


async def _on_unavailable(request: Request, error: Exception) -> JSONResponse:
    log.warning("request failed: dependency unavailable", path=request.url.path, error=str(error))
    return error_response(ErrorDetails(503, "UNAVAILABLE", str(error)))


async def _on_http_exception(_request: Request, error: Exception) -> JSONResponse:
    status = error.status_code if isinstance(error, HTTPException) else 500
    if status == HTTPStatus.BAD_REQUEST:
        # FastAPI raises this for a body that it cannot even decode as text.
        return error_response(_NOT_JSON)
    phrase = HTTPStatus(status).phrase
    code = phrase.upper().replace(" ", "_").replace("-", "_")
    details = ErrorDetails(status, code, _MESSAGES.get(status, phrase))
    return error_response(details, getattr(error, "headers", None))


async def _on_unexpected_error(_request: Request, _error: Exception) -> JSONResponse:
    # The server logs the exception with its traceback.
    return error_response(ErrorDetails(500, "INTERNAL_ERROR", "a defect of this service kept it from answering"))
