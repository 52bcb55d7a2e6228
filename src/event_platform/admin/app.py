"""The admin service: assembled and run."""

import asyncio
import gc
import signal
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from dataclasses import dataclass
from functools import partial
from typing import Final

import httpx
from confluent_kafka.admin import AdminClient
from fastapi import FastAPI
from fastapi.middleware.cors import CORSMiddleware
from fastapi.responses import HTMLResponse, JSONResponse, Response
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest

from event_platform.admin import openapi
from event_platform.admin.dashboard_pages import DashboardPages
from event_platform.admin.health import probes
from event_platform.admin.health.prober import HealthProber, Probe
from event_platform.admin.kafka_client_monitor import AdminClientMonitor
from event_platform.admin.lag.monitor import LagMonitor
from event_platform.admin.middleware import error_responses
from event_platform.admin.middleware.access import RequestFilter, allowed_hosts, check_host, check_origin, check_token
from event_platform.admin.middleware.body_limit import BodyLimit
from event_platform.admin.middleware.head_as_get import HeadAsGet
from event_platform.admin.middleware.request_metrics import RequestMetrics
from event_platform.admin.middleware.security_headers import SecurityHeaders
from event_platform.admin.queries.database import Database
from event_platform.admin.responses.health import DependencyName
from event_platform.admin.routes import router
from event_platform.core import telemetry
from event_platform.core.connections.replaceable_client import ReplaceableClient, replaceable_admin_client
from event_platform.core.http import docs_page, file_descriptor_limit, server
from event_platform.core.http.bounds import Bounds
from event_platform.core.http.listening_socket import listen
from event_platform.core.metrics.admin import AdminMetrics
from event_platform.core.settings.model import Settings

BOUNDS: Final = Bounds(
    max_connections=500,
    max_refused_connections=100,
    evicts_slow_clients=True,
    # Room for several pages with 8 MiB of originals each.
    response_budget_bytes=64 * 1_048_576,
    shutdown_seconds=5,
    # Queries are in the target; the route can say what is wrong with a long one, the HTTP server only that it is long.
    long_target_bytes=49_152,
)
BACKLOG: Final = 100

Lifespan = Callable[[FastAPI], AbstractAsyncContextManager[None]]


def run(settings: Settings) -> None:
    """Serve until SIGTERM or SIGINT.

    Raises:
        ConfigurationError: A required server is not configured, a token is too weak, or the port is taken.
    """
    telemetry.configure(settings, "admin")
    telemetry.log_setting_warnings(settings.warnings)
    settings.named_tokens()
    listener = listen("admin", settings.admin_host, settings.admin_port, backlog=BACKLOG)
    file_descriptor_limit.raise_limit(BOUNDS.open_files)
    # uvicorn raises the signal that stopped it again after shutdown; ignore it, so that the exit status is 0.
    for stop_signal in (signal.SIGTERM, signal.SIGINT):
        signal.signal(stop_signal, lambda _signal, _frame: None)
    server.run(server.build(create(settings), BOUNDS, lifespan="on"), listener)
    # Kafka's clients close with their last reference; their threads must not outlive the interpreter.
    gc.collect()


def create(settings: Settings) -> FastAPI:
    """Assemble the application; it starts even if every server it depends on is down.

    Raises:
        ConfigurationError: Kafka or Postgres is not configured.
    """
    components = _Components.build(settings)
    app = FastAPI(
        title=openapi.TITLE,
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        redirect_slashes=False,
        lifespan=components.lifespan,
    )
    app.state.database = components.database
    app.state.lag_monitor = components.lag_monitor
    app.state.health_prober = components.health_prober
    app.include_router(router)
    app.router.default = DashboardPages()
    error_responses.register(app)
    registry = CollectorRegistry()
    _add_service_routes(app, registry)
    _add_middleware(app, settings, AdminMetrics(registry))
    return app


@dataclass(frozen=True, slots=True)
class _Components:
    """What is opened and closed with the service."""

    database: Database
    admin_client_monitor: AdminClientMonitor
    http_client: httpx.AsyncClient
    lag_monitor: LagMonitor
    health_prober: HealthProber

    @classmethod
    def build(cls, settings: Settings) -> "_Components":
        database, admin = Database(settings), replaceable_admin_client(settings)
        http_client = httpx.AsyncClient(timeout=probes.TIMEOUT_SECONDS, trust_env=False)
        prober = HealthProber(_probes(settings, database, admin, http_client), _optional(settings))
        return cls(database, AdminClientMonitor(admin), http_client, LagMonitor(settings, admin), prober)

    @asynccontextmanager
    async def lifespan(self, _app: FastAPI) -> AsyncIterator[None]:
        await self.database.open()
        monitors = (self.admin_client_monitor, self.lag_monitor, self.health_prober)
        tasks = [asyncio.create_task(each.run()) for each in monitors]
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
                with suppress(asyncio.CancelledError):
                    await task
            await self.health_prober.close()
            await self.lag_monitor.close()
            await self.http_client.aclose()
            await self.database.close()


def _probes(
    settings: Settings, database: Database, admin: ReplaceableClient[AdminClient], http_client: httpx.AsyncClient
) -> dict[DependencyName, Probe]:
    topics = [settings.topic_raw, settings.topic_dlq]
    return {
        "postgres": partial(probes.probe_postgres, database),
        "redis": partial(probes.probe_redis, settings),
        "kafka": partial(probes.probe_kafka, admin, topics),
        "ingest": partial(probes.probe_service, http_client, settings.ingest_address),
        "processor": partial(probes.probe_service, http_client, settings.processor_address),
    }


def _optional(settings: Settings) -> frozenset[DependencyName]:
    """Dependencies without which events are still accepted: Redis, if the settings say so."""
    return frozenset({"redis"}) if settings.redis_outage == "accept" else frozenset()


def _add_service_routes(app: FastAPI, registry: CollectorRegistry) -> None:
    document = openapi.document()
    page = docs_page.render(document)

    async def get_liveness() -> JSONResponse:
        return JSONResponse({"status": "ok"})

    async def get_metrics() -> Response:
        return Response(generate_latest(registry), media_type=CONTENT_TYPE_LATEST)

    async def get_document() -> JSONResponse:
        return JSONResponse(document)

    async def get_docs() -> HTMLResponse:
        return HTMLResponse(page)

    # The service is ready as soon as it runs: an unavailable dependency is part of its responses.
    for path in ("/livez", "/health"):
        app.add_api_route(path, get_liveness, include_in_schema=False)
    app.add_api_route("/metrics", get_metrics, include_in_schema=False)
    app.add_api_route("/openapi.json", get_document, include_in_schema=False)
    app.add_api_route("/docs", get_docs, include_in_schema=False)


def _add_middleware(app: FastAPI, settings: Settings, metrics: AdminMetrics) -> None:
    """Add middleware from the innermost to the outermost; CORS is outside the token check, so pages can read 401."""
    app.add_middleware(HeadAsGet)
    app.add_middleware(BodyLimit)
    app.add_middleware(RequestFilter, check=check_token(tuple(settings.named_tokens().values())))
    app.add_middleware(
        CORSMiddleware,
        allow_origins=settings.admin_dev_origins,
        allow_methods=["GET", "POST"],
        allow_headers=["Authorization", "Content-Type"],
    )
    app.add_middleware(RequestFilter, check=check_origin(settings.admin_dev_origins))
    app.add_middleware(RequestFilter, check=check_host(allowed_hosts(settings)))
    app.add_middleware(SecurityHeaders)
    app.add_middleware(RequestMetrics, metrics=metrics)
