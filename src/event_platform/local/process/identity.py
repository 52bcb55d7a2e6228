"""Recognising a process of the platform: a process id alone may belong to another process by now."""

import sys
from pathlib import Path
from typing import Final

import msgspec
import psutil

HOME_VARIABLE: Final = "EVENT_PLATFORM_HOME"
"""The environment variable by which a process is recognised as the platform's."""


class ProcessIdentity(msgspec.Struct, frozen=True):
    """A process by its id, its start time and the state directory it belongs to."""

    pid: int
    started: float
    home: str


def identify(pid: int, home: Path) -> ProcessIdentity:
    """The identity of a process that was just started for ``home``."""
    return ProcessIdentity(pid, _start_time(pid), str(home))


def find_process(identity: ProcessIdentity) -> psutil.Process | None:
    """The process, if it still runs and id, start time and state directory all match; else None."""
    try:
        process = psutil.Process(identity.pid)
        if process.status() == psutil.STATUS_ZOMBIE or _start_time(identity.pid) != identity.started:
            return None
        return process if process.environ().get(HOME_VARIABLE) == identity.home else None
    except (psutil.Error, OSError, ValueError):
        return None


def _start_time(pid: int) -> float:
    # Clock ticks since boot where available: a start time of day would change when the clock is set.
    if sys.platform == "linux":
        fields = Path(f"/proc/{pid}/stat").read_text("utf-8").rpartition(")")[2].split()
        return float(fields[19])
    return psutil.Process(pid).create_time()
