"""The service as a process: the port, the server on it, and a clean end."""

import asyncio
import gc
import signal
import socket

from event_platform.core import sighup, telemetry, topic_limits
from event_platform.core.connections import kafka, redis
from event_platform.core.errors import ConfigurationError, UnavailableError
from event_platform.core.http import file_descriptor_limit, server
from event_platform.core.http.listening_socket import listen
from event_platform.core.settings.declaration import Settings
from event_platform.core.telemetry import get_logger
from event_platform.ingest import http_limits
from event_platform.ingest.refused_connection import refuse_connection
from event_platform.ingest.service import Place, open_service
from event_platform.ingest.tally import Table

BACKLOG = 2_048
GC_OBJECTS = 10_000
"""A request leaves no cycles behind; so many new objects that outlive their making start a collection all the same."""

log = get_logger(__name__)


def run(settings: Settings, workers: int) -> None:
    """Accept events until SIGTERM or Ctrl-C.

    Neither Kafka nor Redis has to be there: what is missing is said, and waited for.

    Raises:
        ConfigurationError: A setting is missing or wrong, or contradicts the topics; the message names it.
    """
    telemetry.configure(settings, "ingest")
    sighup.block()
    telemetry.log_setting_warnings((*settings.warnings, *settings.check_limits()))
    _check_topics(settings)
    _check_redis(settings)
    listener = listen("ingest", settings.ingest_host, settings.ingest_port, backlog=BACKLOG)
    if workers == 1:
        serve(settings, Place(0, 1, Table.private()), listener)
    else:
        from event_platform.ingest.workers import run_workers  # noqa: PLC0415 - a single process needs none of it

        run_workers(settings, workers, listener)


def _check_topics(settings: Settings) -> None:
    try:
        topic_limits.check_topic_limits(kafka.admin_client(settings), settings)
    except UnavailableError as error:
        log.warning("starting without Kafka; the topics are checked when it comes", error=str(error))


def _check_redis(settings: Settings) -> None:
    with redis.connect(settings) as client:
        try:
            misfit = redis.unsupported_reason(redis.server_info(client))
        except UnavailableError as error:
            log.warning("starting without Redis; what it is is asked when it comes", error=str(error))
            return
    if misfit:
        raise ConfigurationError(f"{redis.setting_name(settings)}: {misfit}")


def serve(settings: Settings, place: Place, listener: socket.socket) -> None:
    """Run one process of the service until SIGTERM or Ctrl-C; what was accepted is finished first."""
    file_descriptor_limit.raise_limit(http_limits.BOUNDS.open_files)
    # uvicorn raises the signal that ended it once more; by then everything is done.
    for ending in (signal.SIGTERM, signal.SIGINT):
        signal.signal(ending, lambda _signal, _frame: None)
    with asyncio.Runner(loop_factory=server.loop_factory()) as runner:
        runner.run(_serve(settings, place, listener))


async def _serve(settings: Settings, place: Place, listener: socket.socket) -> None:
    async with open_service(settings, place) as service:
        # An answer without the time leaves quicker, and its request's id has the time in it.
        serving = server.build(service.app, http_limits.BOUNDS, date_header=False, refuse=refuse_connection)
        tasks = [
            asyncio.create_task(service.upkeep.watch(serving.server_state.connections)),
            asyncio.create_task(service.upkeep.probe_kafka()),
        ]
        _spare_the_collector()
        log.info("accepting events", worker=place.worker)
        await server.serve(serving, listener)
        for task in tasks:
            task.cancel()
        for outcome in await asyncio.gather(*tasks, return_exceptions=True):
            if isinstance(outcome, Exception):
                raise outcome


def _spare_the_collector() -> None:
    """What was made so far stays, so no collection needs to look at it again while requests wait."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(GC_OBJECTS)
