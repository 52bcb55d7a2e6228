"""The processor as a process: workers, their health on one port, and a clean end."""

import signal
from types import FrameType

from event_platform.core import telemetry, topic_limits
from event_platform.core.connections import kafka
from event_platform.core.errors import UnavailableError
from event_platform.core.settings.declaration import Settings
from event_platform.core.telemetry import get_logger
from event_platform.core.topic_limits import MissingTopicError
from event_platform.processor.monitoring import http
from event_platform.processor.process_exit import leave
from event_platform.processor.worker import Worker
from event_platform.processor.worker_pool import Workers

log = get_logger(__name__)


def run(settings: Settings, workers: int) -> None:
    """Process events until SIGTERM or Ctrl-C.

    Neither Kafka nor Postgres has to be there: what is missing is said, and waited for.

    Raises:
        ConfigurationError: A setting is missing or wrong, or contradicts the topics; the message names it.
    """
    telemetry.configure(settings, "processor")
    telemetry.log_setting_warnings(settings.warnings)
    _check_topics(settings)
    listening = http.listen(settings)
    running = Worker(settings, 0) if workers == 1 else Workers(settings, workers)

    def end(_signal: int, _frame: FrameType | None) -> None:
        running.stop()

    signal.signal(signal.SIGTERM, end)
    signal.signal(signal.SIGINT, end)
    http.serve(listening, running.report, running.exposition)
    running.run()
    leave()


def _check_topics(settings: Settings) -> None:
    # A missing topic is waited for, like Kafka itself: without the dead letters' one, good events can still be stored.
    try:
        topic_limits.check_topic_limits(kafka.admin_client(settings), settings)
    except (UnavailableError, MissingTopicError) as error:
        log.warning("the topics could not be checked; starting all the same", error=str(error))
