"""The file that says what was started, so that a killed supervisor's processes are found again.

It is written as well as can be: where a disk is full, processes are kept running all the same, and it is written later.
"""

import contextlib
import threading
from pathlib import Path

import msgspec
import psutil

from event_platform.local.process.identity import Identity, identify
from event_platform.local.state_dir.directory import Place

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
        self._written: dict[str, Identity] = {}

    def add(self, name: str, pid: int) -> None:
        """Note a process that was just started."""
        with self._lock, contextlib.suppress(OSError, psutil.Error):
            self._running[name] = identify(pid, self._home)
            self._write()

    def remove(self, name: str) -> None:
        """Forget a process that has ended."""
        with self._lock, contextlib.suppress(OSError):
            self._running.pop(name, None)
            self._write()

    def save(self) -> None:
        """Write what could not be written when it changed.

        Raises:
            OSError: It still cannot.
        """
        with self._lock:
            self._write()

    def _write(self) -> None:
        if self._written == self._running:
            return
        unfinished = self._path.with_suffix(".new")
        unfinished.write_bytes(msgspec.json.encode(self._running))
        unfinished.replace(self._path)
        self._written = dict(self._running)


def read(path: Path) -> dict[str, Identity]:
    """What the last supervisor noted; nothing where there is no readable file."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=dict[str, Identity])
    except (OSError, msgspec.DecodeError):
        return {}


def of(place: Place) -> dict[str, Identity]:
    """What the last supervisor of ``place`` noted: a copy of a folder has the records of the one that was copied."""
    return {name: one for name, one in read(place.records).items() if _is_of(place, one)}


def _is_of(place: Place, one: Identity) -> bool:
    # A folder that was moved has records with its former path, where nothing is now.
    try:
        return one.home == str(place.home) or place.home.samefile(one.home)
    except FileNotFoundError:
        return True
    except OSError:
        return False
