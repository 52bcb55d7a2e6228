"""Waiting until a process is ready, or has failed to start."""

import subprocess
import time
from typing import Final

from event_platform.core.errors import UnavailableError
from event_platform.local.process.log_file import tail
from event_platform.local.process.program import Program

START_TIMEOUT_SECONDS: Final = 60.0

_POLL_SECONDS: Final = 0.05


def wait(process: subprocess.Popen[bytes], program: Program, timeout_seconds: float = START_TIMEOUT_SECONDS) -> None:
    """Return when ``program`` is ready.

    Raises:
        UnavailableError: The process exited, or is not ready in time; with the end of its log.
    """
    deadline = time.monotonic() + timeout_seconds
    while not program.is_ready():
        if process.poll() is not None:
            raise UnavailableError(f"{program.name} exited while starting ({process.returncode}):\n{tail(program.log)}")
        if time.monotonic() > deadline:
            raise UnavailableError(f"{program.name} was not ready in {timeout_seconds:g} s:\n{tail(program.log)}")
        time.sleep(_POLL_SECONDS)
