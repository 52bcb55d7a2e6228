"""Structured logs: one event per line, on standard error. ERROR means that an operator should look."""

import contextlib
import io
import logging
import os
import sys
from collections.abc import Iterable
from typing import TextIO, cast

import structlog
from structlog.typing import EventDict, FilteringBoundLogger, Processor, WrappedLogger

from event_platform.core.settings.model import Settings


def configure(settings: Settings, service: str) -> None:
    """Set up logging for the process; every line carries ``service``, whichever thread writes it."""
    level = logging.getLevelNamesMapping()[settings.log_level.upper()]
    annotators, renderers = _annotators(service), _renderers(settings.log_format)
    structlog.configure(
        processors=[*annotators, *renderers],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.WriteLoggerFactory(file=cast("TextIO", _LossyStream())),
        cache_logger_on_first_use=True,
    )
    _configure_libraries(annotators, renderers)


def log_setting_warnings(warnings: Iterable[str]) -> None:
    """Log each warning about settings that have no effect."""
    log = get_logger(__name__)
    for warning in warnings:
        log.warning("setting ignored", reason=warning)


class _LossyStream(io.TextIOBase):
    """Standard error that drops lines it cannot write, so that a full disk or a closed terminal stops no process."""

    def write(self, text: str) -> int:
        with contextlib.suppress(OSError):
            sys.stderr.write(text)
        return len(text)

    def flush(self) -> None:
        with contextlib.suppress(OSError):
            sys.stderr.flush()


def _annotators(service: str) -> list[Processor]:
    def add_service(_logger: WrappedLogger, _method: str, line: EventDict) -> EventDict:
        return {"service": service, **line}

    return [
        structlog.contextvars.merge_contextvars,
        add_service,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]


def _renderers(log_format: str) -> list[Processor]:
    if log_format == "console" or (log_format == "auto" and sys.stderr.isatty()):
        return [structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty() and not os.environ.get("NO_COLOR"))]
    return [structlog.processors.format_exc_info, structlog.processors.JSONRenderer()]


def _configure_libraries(annotators: list[Processor], renderers: list[Processor]) -> None:
    """Write the libraries' log lines in the same format; only warnings, since they report errors as exceptions."""
    handler = logging.StreamHandler(_LossyStream())
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[*annotators, structlog.stdlib.add_logger_name],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *renderers],
        )
    )
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)


def get_logger(name: str) -> FilteringBoundLogger:
    """Return the logger of a module; each of its lines carries ``name`` as the field ``module``."""
    return cast("FilteringBoundLogger", structlog.get_logger(module=name))
