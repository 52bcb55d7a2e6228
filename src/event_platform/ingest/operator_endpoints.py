"""Endpoints for operators and tools: health, metrics and the API's documentation, on Starlette."""

from dataclasses import dataclass
from importlib import resources
from typing import Any, Final, Literal

import yaml
from prometheus_client import CollectorRegistry
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route

from event_platform.core.http import docs_page
from event_platform.ingest import health, rejections, responses
from event_platform.ingest.dependency_status import DependencyStatus
from event_platform.ingest.rejections import Rejection
from event_platform.ingest.shared_counters import CountersCollector, CounterTable

_KIND_BY_STATUS: Final = {404: rejections.NOT_FOUND, 405: rejections.METHOD_NOT_ALLOWED}


@dataclass(frozen=True, slots=True)
class EndpointState:
    """What the endpoints report."""

    redis: DependencyStatus
    kafka: DependencyStatus
    clock: DependencyStatus
    outage: Literal["accept", "reject"]
    counter_table: CounterTable


def load_openapi() -> dict[str, Any]:
    """Return the API's description, which is written by hand."""
    text = resources.files(__package__).joinpath("openapi.yaml").read_text("utf-8")
    document: dict[str, Any] = yaml.safe_load(text)
    return document


def build(state: EndpointState) -> Starlette:
    """Return the ASGI application; every unknown path is a 404 in the form of all errors."""
    registry = CollectorRegistry()
    registry.register(CountersCollector(state.counter_table))
    openapi = load_openapi()
    page = docs_page.render(openapi)

    async def readiness(_request: Request) -> Response:
        status, body = health.describe(state.redis, state.kafka, state.clock, state.outage)
        return JSONResponse(body, status)

    async def liveness(_request: Request) -> Response:
        return JSONResponse({"status": "ok"})

    async def metrics(_request: Request) -> Response:
        return Response(generate_latest(registry), media_type=CONTENT_TYPE_LATEST)

    async def description(_request: Request) -> Response:
        return JSONResponse(openapi)

    async def documentation(_request: Request) -> Response:
        return HTMLResponse(page, headers={"content-security-policy": "default-src 'none'; style-src 'unsafe-inline'"})

    endpoints = {
        "/health": readiness,
        "/livez": liveness,
        "/metrics": metrics,
        "/openapi.json": description,
        "/docs": documentation,
    }
    routes = [Route(path, endpoint, methods=["GET"]) for path, endpoint in endpoints.items()]
    app = Starlette(routes=routes, exception_handlers={HTTPException: _reject, Exception: _fail})
    app.router.redirect_slashes = False
    return app


def _request_id(request: Request) -> str:
    request_id: str = request.scope["identity"].id
    return request_id


async def _reject(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101 - Starlette calls it with nothing else
    rejection = Rejection(_KIND_BY_STATUS.get(error.status_code, rejections.INTERNAL_ERROR))
    response = responses.rejected(rejection, _request_id(request))
    return Response(response.body, response.status, dict(error.headers or {}), media_type="application/json")


async def _fail(request: Request, error: Exception) -> Response:
    response = responses.failed(error, _request_id(request))
    return Response(response.body, response.status, media_type="application/json")
