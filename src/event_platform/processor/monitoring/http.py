"""``/health``, ``/livez`` and ``/metrics``, served by a thread beside the main loop."""

import socket
import threading
from collections.abc import Callable
from typing import Any, Final

from prometheus_client import CONTENT_TYPE_LATEST
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from event_platform.core.http import file_descriptor_limit, listening_socket, server
from event_platform.core.http.bounds import Bounds
from event_platform.core.settings.model import Settings

Report = Callable[[], dict[str, Any]]
Exposition = Callable[[], bytes]

BOUNDS: Final = Bounds(
    max_connections=100,
    max_refused_connections=100,
    evicts_slow_clients=True,
    response_budget_bytes=16 * 1_048_576,
    shutdown_seconds=5,
)
BACKLOG: Final = 100


def listen(settings: Settings) -> socket.socket:
    """Bind `PROCESSOR_HOST`:`PROCESSOR_PORT`, before anything starts that would have to be ended again.

    Raises:
        ConfigurationError: Another process listens there.
    """
    return listening_socket.listen("processor", settings.processor_host, settings.processor_port, backlog=BACKLOG)


def serve(listening: socket.socket, report: Report, metrics: Exposition) -> None:
    """Serve on ``listening`` until the process ends."""
    file_descriptor_limit.raise_limit(BOUNDS.open_files)
    serving = server.build(_application(report, metrics), BOUNDS)
    threading.Thread(target=server.run, args=(serving, listening), name="http", daemon=True).start()


def _application(report: Report, metrics: Exposition) -> Starlette:
    async def health(_request: Request) -> JSONResponse:
        body = report()
        return JSONResponse(body, status_code=503 if body["status"] == "down" else 200)

    async def livez(_request: Request) -> JSONResponse:
        return JSONResponse({"status": "ok"})

    async def exposition(_request: Request) -> Response:
        return Response(metrics(), media_type=CONTENT_TYPE_LATEST)

    return Starlette(routes=[Route("/health", health), Route("/livez", livez), Route("/metrics", exposition)])
