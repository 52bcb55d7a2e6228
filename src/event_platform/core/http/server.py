"""Builds and runs uvicorn with the bounded protocol."""

import asyncio
import socket
from collections.abc import Collection
from functools import partial
from typing import Any, Final, Literal

import uvicorn
from starlette.types import ASGIApp

from event_platform.core.event_loop import loop_factory
from event_platform.core.http.bounds import Bounds
from event_platform.core.http.connection_limit import abort_overdue
from event_platform.core.http.protocol import BoundedProtocol
from event_platform.core.http.refusal import refuse_connection
from event_platform.core.http.response_budget import ResponseBudget

_CHECK_EVERY_SECONDS: Final = 0.25


def build(
    app: Any,  # noqa: ANN401 - uvicorn's ASGI types differ from Starlette's
    bounds: Bounds,
    *,
    lifespan: Literal["on", "off"] = "off",
    date_header: bool = True,
    refuse: ASGIApp = refuse_connection,
) -> uvicorn.Server:
    """Build the server of an ASGI application.

    Args:
        app: The application.
        bounds: The limits of the service.
        lifespan: Whether the application receives ASGI's lifespan events.
        date_header: Whether responses have a ``Date``; uvicorn then writes all of them, which is slower.
        refuse: The application that responds to connections beyond the limit.
    """
    protocol: Any = partial(BoundedProtocol, bounds, ResponseBudget(bounds.response_budget_bytes), refuse)
    config = uvicorn.Config(
        app,
        http=protocol,
        ws="none",
        lifespan=lifespan,
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        date_header=date_header,
        timeout_graceful_shutdown=bounds.shutdown_seconds,
    )
    return uvicorn.Server(config)


def run(server: uvicorn.Server, listener: socket.socket) -> None:
    """Serve in this thread until the server is told to exit; in the main thread SIGTERM and SIGINT do that, too."""
    with asyncio.Runner(loop_factory=loop_factory()) as runner:
        runner.run(serve(server, listener))


async def serve(server: uvicorn.Server, listener: socket.socket) -> None:
    """Serve in the running event loop, like `run`."""
    async with asyncio.TaskGroup() as group:
        deadlines = group.create_task(_enforce_deadlines(server.server_state.connections))
        await server.serve([listener])
        deadlines.cancel()


async def _enforce_deadlines(connections: Collection[Any]) -> None:
    loop = asyncio.get_running_loop()
    while True:
        abort_overdue(connections, loop.time())
        await asyncio.sleep(_CHECK_EVERY_SECONDS)
