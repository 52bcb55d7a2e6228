"""The file that says what was started, so that a killed supervisor's processes are found again."""

import threading
from pathlib import Path

import msgspec

from event_platform.local.identity import Identity, identify

SUPERVISOR = "supervisor"
"""Its name among the records, and of its log."""


class Records:
    """Identities of the running processes by name, written to a file at every change."""

    def __init__(self, path: Path, home: Path) -> None:
        """Nothing is written before the first change."""
        self._path = path
        self._home = home
        self._lock = threading.Lock()
        self._running: dict[str, Identity] = {}

    def add(self, name: str, pid: int) -> None:
        """Note a process that was just started."""
        with self._lock:
            self._running[name] = identify(pid, self._home)
            self._write()

    def remove(self, name: str) -> None:
        """Forget a process that has ended."""
        with self._lock:
            if self._running.pop(name, None):
                self._write()

    def _write(self) -> None:
        unfinished = self._path.with_suffix(".new")
        unfinished.write_bytes(msgspec.json.encode(self._running))
        unfinished.replace(self._path)


def read(path: Path) -> dict[str, Identity]:
    """What the last supervisor noted; nothing where there is no readable file."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=dict[str, Identity])
    except (OSError, msgspec.DecodeError):
        return {}
