"""uvicorn's server with our protocol, as each service runs it."""

import asyncio
import socket
from collections.abc import Callable, Collection
from functools import partial
from typing import Any, Final, Literal

import uvicorn
from starlette.types import ASGIApp

from event_platform.core.http.bounds import Bounds
from event_platform.core.http.connection_limit import end_overdue
from event_platform.core.http.protocol import BoundedProtocol
from event_platform.core.http.refusal import refuse_connection
from event_platform.core.http.response_budget import AnswerBudget

_LOOK_EVERY_SECONDS: Final = 0.25


def build(
    app: Any,  # noqa: ANN401 - uvicorn's types of ASGI are others than Starlette's
    bounds: Bounds,
    *,
    lifespan: Literal["on", "off"] = "off",
    date_header: bool = True,
    refuse: ASGIApp = refuse_connection,
) -> uvicorn.Server:
    """The server of an ASGI application.

    Args:
        app: What answers.
        bounds: What its clients may hold.
        lifespan: Whether it wants to be told of start and end.
        date_header: Whether answers carry the time; then uvicorn writes all of them, more slowly.
        refuse: Answers a connection for which there is no room.
    """
    protocol: Any = partial(BoundedProtocol, bounds, AnswerBudget(bounds.answers_bytes), refuse)
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
    """Serve in this thread until the server is told to end, or in the main one SIGTERM or SIGINT comes."""
    with asyncio.Runner(loop_factory=loop_factory()) as runner:
        runner.run(serve(server, listener))


async def serve(server: uvicorn.Server, listener: socket.socket) -> None:
    """The same in a loop that runs."""
    async with asyncio.TaskGroup() as group:
        watching = group.create_task(_watch(server.server_state.connections))
        await server.serve([listener])
        watching.cancel()


async def _watch(connections: Collection[Any]) -> None:
    loop = asyncio.get_running_loop()
    while True:
        end_overdue(connections, loop.time())
        await asyncio.sleep(_LOOK_EVERY_SECONDS)


def loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    """That of uvloop where it exists, which it does not on Windows; None stands for asyncio's own."""
    try:
        import uvloop  # noqa: PLC0415 - see above
    except ImportError:
        return None
    factory: Callable[[], asyncio.AbstractEventLoop] = uvloop.new_event_loop
    return factory
