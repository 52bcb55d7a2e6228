"""Entry point of the service: checks its dependencies, opens the port, and runs one or several processes."""

import socket
from typing import Final

from event_platform.core import sighup, telemetry, topic_limits
from event_platform.core.connections import kafka, redis
from event_platform.core.errors import ConfigurationError, UnavailableError
from event_platform.core.http.listening_socket import listen
from event_platform.core.settings.model import Settings
from event_platform.core.telemetry import get_logger
from event_platform.ingest.serve import serve
from event_platform.ingest.service import WorkerContext
from event_platform.ingest.shared_counters import CounterTable
from event_platform.ingest.worker_pool import run_workers

BACKLOG: Final = 2_048

log = get_logger(__name__)


def run(settings: Settings, workers: int) -> None:
    """Accept events until SIGTERM or Ctrl-C.

    Kafka and Redis may be unavailable at startup; it logs that and connects later.

    Raises:
        ConfigurationError: A setting is missing or wrong, or contradicts the topics; the message names it.
    """
    telemetry.configure(settings, "ingest")
    sighup.block()
    telemetry.log_setting_warnings((*settings.warnings, *settings.check_limits()))
    _check_topics(settings)
    _check_redis(settings)
    listener = listen("ingest", settings.ingest_host, settings.ingest_port, backlog=BACKLOG)
    _serve_with(settings, workers, listener)


def _serve_with(settings: Settings, workers: int, listener: socket.socket) -> None:
    if workers == 1:
        serve(settings, WorkerContext(0, 1, CounterTable.private()), listener)
    else:
        run_workers(settings, workers, listener)


def _check_topics(settings: Settings) -> None:
    try:
        topic_limits.check_topic_limits(kafka.admin_client(settings), settings)
    except UnavailableError as error:
        log.warning("kafka unavailable at startup; checking topics later", error=str(error))


def _check_redis(settings: Settings) -> None:
    with redis.connect(settings) as client:
        try:
            misfit = redis.unsupported_reason(redis.server_info(client))
        except UnavailableError as error:
            log.warning("redis unavailable at startup; checking the server later", error=str(error))
            return
    if misfit:
        raise ConfigurationError(f"{redis.setting_name(settings)}: {misfit}")
