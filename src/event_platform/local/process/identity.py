"""Which process is ours: a process id alone may long belong to someone else."""

import sys
from pathlib import Path

import msgspec
import psutil

HOME_MARK = "EVENT_PLATFORM_HOME"


class Identity(msgspec.Struct, frozen=True):
    """A process by its id, its start time and the state folder it belongs to."""

    pid: int
    started: float
    home: str


def identify(pid: int, home: Path) -> Identity:
    """The identity of a process that was just started for ``home``."""
    return Identity(pid, _started(pid), str(home))


def find(identity: Identity) -> psutil.Process | None:
    """The process, if it still runs and id, start time and state folder all match; else None."""
    try:
        process = psutil.Process(identity.pid)
        if process.status() == psutil.STATUS_ZOMBIE or _started(identity.pid) != identity.started:
            return None
        return process if process.environ().get(HOME_MARK) == identity.home else None
    except (psutil.Error, OSError, ValueError):
        return None


def _started(pid: int) -> float:
    # Ticks since boot, where the system tells them: a start time of day would change when the clock is set.
    if sys.platform == "linux":
        fields = Path(f"/proc/{pid}/stat").read_text("utf-8").rpartition(")")[2].split()
        return float(fields[19])
    return psutil.Process(pid).create_time()
