"""Runs one process of the service: its HTTP server, its background tasks, and an orderly end."""

import asyncio
import gc
import signal
import socket
from typing import Final

from event_platform.core.event_loop import loop_factory
from event_platform.core.http import file_descriptor_limit, server
from event_platform.core.settings.model import Settings
from event_platform.core.telemetry import get_logger
from event_platform.ingest import http_limits
from event_platform.ingest.connection_rejection import reject_connection
from event_platform.ingest.service import WorkerContext, open_service

GC_OBJECTS: Final = 10_000
"""New objects that start a garbage collection: requests leave no cycles behind, so it is rarely of use."""

log = get_logger(__name__)


def serve(settings: Settings, context: WorkerContext, listener: socket.socket) -> None:
    """Serve on ``listener`` until SIGTERM or Ctrl-C; finish accepted requests first."""
    file_descriptor_limit.raise_limit(http_limits.BOUNDS.open_files)
    # uvicorn raises the signal that stopped it once more; by then everything is done.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda _signal, _frame: None)
    with asyncio.Runner(loop_factory=loop_factory()) as runner:
        runner.run(_serve(settings, context, listener))


async def _serve(settings: Settings, context: WorkerContext, listener: socket.socket) -> None:
    async with open_service(settings, context) as service:
        # A response without a Date header is sent faster, and the request's id contains the time.
        serving = server.build(service.app, http_limits.BOUNDS, date_header=False, refuse=reject_connection)
        tasks = [
            asyncio.create_task(service.background_tasks.run_periodic(serving.server_state.connections)),
            asyncio.create_task(service.background_tasks.probe_kafka()),
        ]
        _freeze_collector()
        log.info("accepting events", worker=context.worker)
        await server.serve(serving, listener)
        for task in tasks:
            task.cancel()
        for outcome in await asyncio.gather(*tasks, return_exceptions=True):
            if isinstance(outcome, Exception):
                raise outcome


def _freeze_collector() -> None:
    """Exclude the objects made at start from garbage collections, so that these are short while requests wait."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(GC_OBJECTS)
