"""Everything but events: health, metrics and the API's documentation, through Starlette's router."""

from importlib import resources
from typing import Any, Final, Literal

import msgspec
import yaml
from prometheus_client import CollectorRegistry
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route

from event_platform.core.http import docs_page
from event_platform.ingest import health, problems, responses
from event_platform.ingest.problems import Refusal
from event_platform.ingest.request_ids import Tickets
from event_platform.ingest.standing import Standing
from event_platform.ingest.tally import Table, TallyCollector

_PROBLEM_OF: Final = {404: problems.NOT_FOUND, 405: problems.METHOD_NOT_ALLOWED}


class State(msgspec.Struct, frozen=True):
    """What the pages tell of."""

    redis: Standing
    kafka: Standing
    clock: Standing
    outage: Literal["accept", "reject"]
    table: Table
    tickets: Tickets


def load_openapi() -> dict[str, Any]:
    """The API's description, which is written by hand."""
    text = resources.files(__package__).joinpath("openapi.yaml").read_text("utf-8")
    document: dict[str, Any] = yaml.safe_load(text)
    return document


def build(state: State) -> Starlette:
    """The ASGI application of the pages; every other path is a 404 in the form of all errors."""
    registry = CollectorRegistry()
    registry.register(TallyCollector(state.table))
    openapi = load_openapi()
    page = docs_page.render(openapi)

    async def ready(_request: Request) -> Response:
        status, body = health.describe(state.redis, state.kafka, state.clock, state.outage)
        return JSONResponse(body, status)

    async def alive(_request: Request) -> Response:
        return JSONResponse({"status": "ok"})

    async def metrics(_request: Request) -> Response:
        return Response(generate_latest(registry), media_type=CONTENT_TYPE_LATEST)

    async def description(_request: Request) -> Response:
        return JSONResponse(openapi)

    async def documentation(_request: Request) -> Response:
        return HTMLResponse(page, headers={"content-security-policy": "default-src 'none'; style-src 'unsafe-inline'"})

    answers = {
        "/health": ready,
        "/livez": alive,
        "/metrics": metrics,
        "/openapi.json": description,
        "/docs": documentation,
    }
    routes = [Route(path, answer, methods=["GET"]) for path, answer in answers.items()]
    app = Starlette(routes=routes, exception_handlers={HTTPException: _refuse, Exception: _fail})
    app.router.redirect_slashes = False
    return app


def _request_id(request: Request) -> str:
    request_id: str = request.scope["ticket"].id
    return request_id


async def _refuse(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101 - Starlette calls it with nothing else
    refusal = Refusal(_PROBLEM_OF.get(error.status_code, problems.INTERNAL_ERROR))
    return _response(request, refusal, dict(error.headers or {}))


async def _fail(request: Request, error: Exception) -> Response:
    answer = responses.failed(error, _request_id(request))
    return Response(answer.body, answer.status, media_type="application/json")


def _response(request: Request, refusal: Refusal, headers: dict[str, str]) -> Response:
    answer = responses.refused(refusal, _request_id(request))
    return Response(answer.body, answer.status, headers, media_type="application/json")
