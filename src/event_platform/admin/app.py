"""The admin service: put together from its parts, and run."""

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

from event_platform.admin import openapi, probes, problems
from event_platform.admin.auth import Guard, allowed_hosts, check_host, check_page, check_token
from event_platform.admin.body_limit import BodyLimit
from event_platform.admin.database import Database
from event_platform.admin.head import HeadAsGet
from event_platform.admin.health import HealthProber, Name, Probe
from event_platform.admin.kafka_watch import KafkaWatch
from event_platform.admin.lag_monitor import LagMonitor
from event_platform.admin.metrics import Counted
from event_platform.admin.pages import Pages, SafeHeaders
from event_platform.admin.routes import router
from event_platform.core import telemetry
from event_platform.core.connections.replaceable_client import ReplaceableClient, replaceable_admin_client
from event_platform.core.http import docs_page, file_descriptor_limit, server
from event_platform.core.http.bounds import Bounds
from event_platform.core.http.listening_socket import listen
from event_platform.core.metrics.admin import AdminMetrics
from event_platform.core.settings.declaration import Settings

BOUNDS: Final = Bounds(
    max_connections=500,
    max_refused_connections=100,
    evicts_slow_clients=True,
    # Of pages with 8 MiB of originals some can be on their way at once.
    response_budget_bytes=64 * 1_048_576,
    shutdown_seconds=5,
    # A question stands in its target, and is answered with what is wrong in it, not only that it is long.
    long_target_bytes=49_152,
)
BACKLOG: Final = 100

Lifespan = Callable[[FastAPI], AbstractAsyncContextManager[None]]


def run(settings: Settings) -> None:
    """Serve until SIGTERM or SIGINT.

    Raises:
        ConfigurationError: A server that is needed is not named, a token is easily guessed, or the port is taken.
    """
    telemetry.configure(settings, "admin")
    telemetry.log_setting_warnings(settings.warnings)
    settings.named_tokens()
    listener = listen("admin", settings.admin_host, settings.admin_port, backlog=BACKLOG)
    file_descriptor_limit.raise_limit(BOUNDS.open_files)
    # uvicorn raises the signal that ended it once more; by then everything is done.
    for ending in (signal.SIGTERM, signal.SIGINT):
        signal.signal(ending, lambda _signal, _frame: None)
    server.run(server.build(create(settings), BOUNDS, lifespan="on"), listener)
    # Kafka's clients end with their last reference, and their threads must not outlive the interpreter.
    gc.collect()


def create(settings: Settings) -> FastAPI:
    """The application. None of the servers it asks needs to be up when it starts.

    Raises:
        ConfigurationError: Kafka or Postgres is not named.
    """
    parts = _Parts.build(settings)
    app = FastAPI(
        title=openapi.TITLE,
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        redirect_slashes=False,
        lifespan=parts.lifespan,
    )
    app.state.database = parts.database
    app.state.lag_monitor = parts.lag_monitor
    app.state.health_prober = parts.health_prober
    app.include_router(router)
    app.router.default = Pages()
    problems.register(app)
    registry = CollectorRegistry()
    _add_service_routes(app, registry)
    _add_layers(app, settings, AdminMetrics(registry))
    return app


@dataclass(frozen=True)
class _Parts:
    """What lives as long as the service."""

    database: Database
    kafka_watch: KafkaWatch
    client: httpx.AsyncClient
    lag_monitor: LagMonitor
    health_prober: HealthProber

    @classmethod
    def build(cls, settings: Settings) -> "_Parts":
        database, admin = Database(settings), replaceable_admin_client(settings)
        client = httpx.AsyncClient(timeout=probes.PROBE_SECONDS, trust_env=False)
        prober = HealthProber(_probes(settings, database, admin, client), _optional(settings))
        return cls(database, KafkaWatch(admin), client, LagMonitor(settings, admin), prober)

    @asynccontextmanager
    async def lifespan(self, _app: FastAPI) -> AsyncIterator[None]:
        await self.database.open()
        watching = [
            asyncio.create_task(each.run()) for each in (self.kafka_watch, self.lag_monitor, self.health_prober)
        ]
        try:
            yield
        finally:
            for task in watching:
                task.cancel()
                with suppress(asyncio.CancelledError):
                    await task
            await self.health_prober.close()
            await self.lag_monitor.close()
            await self.client.aclose()
            await self.database.close()


def _probes(
    settings: Settings, database: Database, admin: ReplaceableClient[AdminClient], client: httpx.AsyncClient
) -> dict[Name, Probe]:
    topics = [settings.topic_raw, settings.topic_dlq]
    return {
        "postgres": partial(probes.postgres, database),
        "redis": partial(probes.redis_server, settings),
        "kafka": partial(probes.kafka_topics, admin, topics),
        "ingest": partial(probes.service, client, settings.ingest_address),
        "processor": partial(probes.service, client, settings.processor_address),
    }


def _optional(settings: Settings) -> frozenset[Name]:
    """Without Redis, events are still accepted where the settings say so."""
    return frozenset({"redis"}) if settings.redis_outage == "accept" else frozenset()


def _add_service_routes(app: FastAPI, registry: CollectorRegistry) -> None:
    document = openapi.document()
    page = docs_page.render(document)

    async def get_sign_of_life() -> JSONResponse:
        return JSONResponse({"status": "ok"})

    async def get_metrics() -> Response:
        return Response(generate_latest(registry), media_type=CONTENT_TYPE_LATEST)

    async def get_document() -> JSONResponse:
        return JSONResponse(document)

    async def get_docs() -> HTMLResponse:
        return HTMLResponse(page)

    # It is ready as soon as it answers: every server's state is part of its answers, not a condition for them.
    for path in ("/livez", "/health"):
        app.add_api_route(path, get_sign_of_life, include_in_schema=False)
    app.add_api_route("/metrics", get_metrics, include_in_schema=False)
    app.add_api_route("/openapi.json", get_document, include_in_schema=False)
    app.add_api_route("/docs", get_docs, include_in_schema=False)


def _add_layers(app: FastAPI, settings: Settings, metrics: AdminMetrics) -> None:
    """From the innermost to the outermost; permission of the page comes before the token, so that 401 can be read."""
    app.add_middleware(HeadAsGet)
    app.add_middleware(BodyLimit)
    app.add_middleware(Guard, check=check_token(tuple(settings.named_tokens().values())))
    app.add_middleware(
        CORSMiddleware,
        allow_origins=settings.admin_dev_origins,
        allow_methods=["GET", "POST"],
        allow_headers=["Authorization", "Content-Type"],
    )
    app.add_middleware(Guard, check=check_page(settings.admin_dev_origins))
    app.add_middleware(Guard, check=check_host(allowed_hosts(settings)))
    app.add_middleware(SafeHeaders)
    app.add_middleware(Counted, metrics=metrics)
