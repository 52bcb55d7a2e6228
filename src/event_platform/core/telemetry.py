"""Logs: structured, one event a line, to standard error. ERROR means that a person should look."""

import contextlib
import io
import logging
import os
import sys
from collections.abc import Iterable
from typing import TextIO, cast

import structlog
from structlog.typing import EventDict, FilteringBoundLogger, Processor, WrappedLogger

from event_platform.core.settings.declaration import Settings


def configure(settings: Settings, service: str) -> None:
    """Set up logging for the process; every line carries ``service``, from whichever thread it comes."""
    level = logging.getLevelNamesMapping()[settings.log_level.upper()]
    annotate, renderers = _annotations(service), _renderers(settings.log_format)
    structlog.configure(
        processors=[*annotate, *renderers],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.WriteLoggerFactory(file=cast("TextIO", _LossyStream())),
        cache_logger_on_first_use=True,
    )
    _configure_libraries(annotate, renderers)


def warn(remarks: Iterable[str]) -> None:
    """Log what is given in vain, a line each."""
    log = get_logger(__name__)
    for remark in remarks:
        log.warning("setting ignored", reason=remark)


class _LossyStream(io.TextIOBase):
    """Standard error that drops what it cannot take: on a full disk, or to a closed terminal, the process goes on."""

    def write(self, text: str) -> int:
        with contextlib.suppress(OSError):
            sys.stderr.write(text)
        return len(text)

    def flush(self) -> None:
        with contextlib.suppress(OSError):
            sys.stderr.flush()


def _annotations(service: str) -> list[Processor]:
    def name_service(_logger: WrappedLogger, _method: str, line: EventDict) -> EventDict:
        return {"service": service, **line}

    return [
        structlog.contextvars.merge_contextvars,
        name_service,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]


def _renderers(log_format: str) -> list[Processor]:
    if log_format == "console" or (log_format == "auto" and sys.stderr.isatty()):
        return [structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty() and not os.environ.get("NO_COLOR"))]
    return [structlog.processors.format_exc_info, structlog.processors.JSONRenderer()]


def _configure_libraries(annotate: list[Processor], renderers: list[Processor]) -> None:
    """Give the lines of libraries our form; what matters of them comes as exceptions, so warnings are enough."""
    handler = logging.StreamHandler(_LossyStream())
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[*annotate, structlog.stdlib.add_logger_name],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *renderers],
        )
    )
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)


def get_logger(name: str) -> FilteringBoundLogger:
    """The logger of a module; each of its lines carries the name as ``module``."""
    return cast("FilteringBoundLogger", structlog.get_logger(module=name))
