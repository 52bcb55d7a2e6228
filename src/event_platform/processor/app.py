"""The processor as a process: its workers, their health on one port, and a clean end."""

import os
import signal
import sys
from multiprocessing.connection import Connection as Pipe
from types import FrameType
from typing import NoReturn

from event_platform.core import telemetry, topic_limits
from event_platform.core.connections import kafka
from event_platform.core.errors import UnavailableError
from event_platform.core.settings.model import Settings
from event_platform.core.telemetry import get_logger
from event_platform.core.topic_limits import MissingTopicError
from event_platform.processor import worker_pool
from event_platform.processor.monitoring import http
from event_platform.processor.worker import Worker
from event_platform.processor.worker_pool import ReportingPool

log = get_logger(__name__)


def run(settings: Settings, workers: int) -> None:
    """Process events until SIGTERM or Ctrl-C.

    Neither Kafka nor Postgres has to be available: an outage is logged, and waited for.

    Raises:
        ConfigurationError: A setting is missing or wrong, or contradicts the topics; the message names it.
    """
    telemetry.configure(settings, "processor")
    telemetry.log_setting_warnings(settings.warnings)
    _check_topics(settings)
    listening = http.listen(settings)
    running = Worker(settings, 0) if workers == 1 else ReportingPool(settings, workers, run_in_pool)

    def stop(_signal: int, _frame: FrameType | None) -> None:
        running.stop()

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    http.serve(listening, running.report, running.exposition)
    running.run()
    _exit_process()


def run_in_pool(settings: Settings, index: int, parent: Pipe) -> None:
    """Run one worker of a pool, in a process of its own, which ends with its parent."""
    telemetry.configure(settings, "processor")
    worker = Worker(settings, index)
    signal.signal(signal.SIGTERM, lambda _signal, _frame: worker.stop())
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    worker_pool.start_reporting(worker, parent)
    worker.run()
    _exit_process()


def _check_topics(settings: Settings) -> None:
    # A missing topic is waited for, like Kafka itself: without that of dead letters, good events can still be stored.
    try:
        topic_limits.check_topic_limits(kafka.admin_client(settings), settings)
    except (UnavailableError, MissingTopicError) as error:
        log.warning("topics could not be checked; starting without", error=str(error))


def _exit_process() -> NoReturn:
    """End the process with status 0 when all is closed, but without finalizing the interpreter.

    A thread of librdkafka that calls back into Python after that causes a SIGSEGV (in ``PyThreadState_New``): an
    administrative request may still be on its way when the processor ends.
    """
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)
