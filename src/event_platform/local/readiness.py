"""Waiting for a process to be ready, or to say why it never will be."""

import subprocess
import time
from pathlib import Path

from event_platform.core.errors import UnavailableError
from event_platform.local.program import Program

START_TIMEOUT_SECONDS = 60.0

_PAUSE_SECONDS = 0.05
_TAIL_BYTES = 2_000


def wait(process: subprocess.Popen[bytes], program: Program, timeout_seconds: float = START_TIMEOUT_SECONDS) -> None:
    """Return when ``program`` is ready.

    Raises:
        UnavailableError: The process ended, or is not ready in time; with the end of its log.
    """
    deadline = time.monotonic() + timeout_seconds
    while not program.is_ready():
        if process.poll() is not None:
            raise UnavailableError(f"{program.name} ended while starting ({process.returncode}):\n{tail(program.log)}")
        if time.monotonic() > deadline:
            raise UnavailableError(f"{program.name} was not ready in {timeout_seconds:g} s:\n{tail(program.log)}")
        time.sleep(_PAUSE_SECONDS)


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
