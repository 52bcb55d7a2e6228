"""The processor as a process: workers, their health on one port, and a clean end."""

import signal
from types import FrameType

from event_platform.core import telemetry
from event_platform.core.settings import Settings
from event_platform.processor import http
from event_platform.processor.worker import Worker
from event_platform.processor.workers import Workers


def run(settings: Settings, workers: int) -> None:
    """Process events until SIGTERM or Ctrl-C.

    Neither Kafka nor Postgres has to be there: what is missing is said, and waited for.

    Raises:
        ConfigurationError: A setting is missing or wrong; the message names it.
    """
    telemetry.configure(settings, "processor")
    running = Worker(settings, 0) if workers == 1 else Workers(settings, workers)

    def end(_signal: int, _frame: FrameType | None) -> None:
        running.stop()

    signal.signal(signal.SIGTERM, end)
    signal.signal(signal.SIGINT, end)
    http.serve(settings, running.report, running.exposition)
    running.run()
