"""A process' log file: opening it for appending, and reading its end."""

import os
from pathlib import Path
from typing import IO, Final

from event_platform.core.telemetry import get_logger

_TAIL_BYTES: Final = 2_000

log = get_logger(__name__)


def open_log(path: Path) -> IO[bytes]:
    """Open the log at ``path`` for appending; where it cannot be opened, return one that drops what is written."""
    try:
        path.parent.mkdir(exist_ok=True)
        return path.open("ab")
    except OSError as error:
        log.warning("log cannot be opened; output is dropped until the next start", path=str(path), error=str(error))
        return Path(os.devnull).open("ab")


def tail(path: Path, limit_bytes: int = _TAIL_BYTES) -> str:
    """The last whole lines of a log, at most ``limit_bytes``; an empty string where it cannot be read."""
    try:
        with path.open("rb") as file:
            size = file.seek(0, 2)
            file.seek(max(0, size - limit_bytes))
            text = file.read().decode(errors="replace")
    except OSError:
        return ""
    return text if size <= limit_bytes else text.partition("\n")[2]
