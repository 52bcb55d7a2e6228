"""Every answer that is no success: ``{"error": {"code", "message"}}``, made in one place."""

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

MAX_NAMED: Final = 10
"""Wrong parameters that one message names."""

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


@dataclass(frozen=True)
class Problem:
    """Why there is no better answer."""

    status: int
    code: str
    message: str


_NOT_JSON: Final = Problem(400, "INVALID_JSON", "the body is not JSON")


def problem_response(problem: Problem, headers: Mapping[str, str] | None = None) -> JSONResponse:
    """The problem as an answer."""
    body = {"error": {"code": problem.code, "message": problem.message}}
    return JSONResponse(body, problem.status, {**_HEADERS.get(problem.status, {}), **(headers or {})})


def register(app: FastAPI) -> None:
    """Make every error of ``app`` such an answer."""
    app.add_exception_handler(RequestValidationError, _on_wrong_parameters)
    app.add_exception_handler(InvalidInputError, _on_invalid_input)
    app.add_exception_handler(UnavailableError, _on_unavailable)
    app.add_exception_handler(HTTPException, _on_http)
    app.add_exception_handler(Exception, _on_defect)


async def _on_wrong_parameters(_request: Request, error: Exception) -> JSONResponse:
    found: Sequence[Any] = error.errors() if isinstance(error, RequestValidationError) else ()
    if any(each["type"] == "json_invalid" for each in found):
        return problem_response(_NOT_JSON)
    named = "; ".join(_explain(each) for each in found[:MAX_NAMED])
    return problem_response(Problem(422, "INVALID_PARAMETER", named))


def _explain(problem: Mapping[str, Any]) -> str:
    # The first part says where: query or body.
    name = ".".join(str(part) for part in problem["loc"][1:]) or "body"
    return f"{name}: {str(problem['msg']).removeprefix('Value error, ')}"


async def _on_invalid_input(_request: Request, error: Exception) -> JSONResponse:
    return problem_response(Problem(422, "INVALID_PARAMETER", str(error)))


async def _on_unavailable(request: Request, error: Exception) -> JSONResponse:
    log.warning("not answered", path=request.url.path, error=str(error))
    return problem_response(Problem(503, "UNAVAILABLE", str(error)))


async def _on_http(_request: Request, error: Exception) -> JSONResponse:
    status = error.status_code if isinstance(error, HTTPException) else 500
    if status == HTTPStatus.BAD_REQUEST:
        # Raised where a body cannot even be read as JSON.
        return problem_response(_NOT_JSON)
    phrase = HTTPStatus(status).phrase
    problem = Problem(status, phrase.upper().replace(" ", "_").replace("-", "_"), _MESSAGES.get(status, phrase))
    return problem_response(problem, getattr(error, "headers", None))


async def _on_defect(_request: Request, _error: Exception) -> JSONResponse:
    # The server logs the error itself, with where it happened.
    return problem_response(Problem(500, "INTERNAL_ERROR", "a defect of this service kept it from answering"))
