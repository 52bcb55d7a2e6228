"""Logs: structured, one event a line, to standard error. ERROR means that a person should look."""

import logging
import sys
from typing import cast

import structlog
from structlog.typing import FilteringBoundLogger, Processor

from event_platform.core.settings import Settings


def configure(settings: Settings, service: str) -> None:
    """Set up logging for the process; every line carries ``service``."""
    level = logging.getLevelNamesMapping()[settings.log_level.upper()]
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            *_renderers(settings.log_format),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.WriteLoggerFactory(file=sys.stderr),
        cache_logger_on_first_use=True,
    )
    structlog.contextvars.bind_contextvars(service=service)
    # Libraries' own loggers say what matters through exceptions and callbacks; their warnings are still worth a line.
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr, format="%(levelname)s %(name)s %(message)s")


def _renderers(log_format: str) -> list[Processor]:
    if log_format == "console" or (log_format == "auto" and sys.stderr.isatty()):
        return [structlog.dev.ConsoleRenderer()]
    return [structlog.processors.format_exc_info, structlog.processors.JSONRenderer()]


def get_logger(name: str) -> FilteringBoundLogger:
    """The logger of a module."""
    return cast("FilteringBoundLogger", structlog.get_logger(logger=name))
