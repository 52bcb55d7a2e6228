"""A process' log file: opening it for appending, and reading its end."""

import os
from pathlib import Path
from typing import IO, Final

from event_platform.core.telemetry import get_logger

_TAIL_BYTES: Final = 2_000

log = get_logger(__name__)


def open_log(path: Path) -> IO[bytes]:
    """The log at ``path``, to append to; where there can be none, what would be written to it is dropped."""
    try:
        path.parent.mkdir(exist_ok=True)
        return path.open("ab")
    except OSError as error:
        log.warning("log cannot be opened; output is dropped until the next start", path=str(path), error=str(error))
        return Path(os.devnull).open("ab")


def tail(log: Path, limit_bytes: int = _TAIL_BYTES) -> str:
    """The last whole lines of ``log``; nothing where it cannot be read."""
    try:
        with log.open("rb") as file:
            size = file.seek(0, 2)
            file.seek(max(0, size - limit_bytes))
            text = file.read().decode(errors="replace")
    except OSError:
        return ""
    return text if size <= limit_bytes else text.partition("\n")[2]
