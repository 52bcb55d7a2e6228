"""The file of running processes, by which the processes of a killed supervisor are found again.

Writing it is best effort: on a full disk processes keep running all the same, and the file is written later.
"""

import contextlib
import threading
from pathlib import Path
from typing import Final

import msgspec
import psutil

from event_platform.local.process.identity import ProcessIdentity, identify
from event_platform.local.state_dir.directory import StateDirectory

SUPERVISOR: Final = "supervisor"
"""The supervisor's name among the records, and of its log."""


class ProcessRecords:
    """Identities of the running processes by name, written to a file at every change."""

    def __init__(self, path: Path, home: Path) -> None:
        self._path = path
        self._home = home
        self._lock = threading.Lock()
        self._running: dict[str, ProcessIdentity] = {}
        self._written: dict[str, ProcessIdentity] = {}

    def add(self, name: str, pid: int) -> None:
        """Record a process that was just started."""
        with self._lock, contextlib.suppress(OSError, psutil.Error):
            self._running[name] = identify(pid, self._home)
            self._write()

    def remove(self, name: str) -> None:
        """Forget a process that has ended."""
        with self._lock, contextlib.suppress(OSError):
            self._running.pop(name, None)
            self._write()

    def save(self) -> None:
        """Write changes that could not be written when they were made.

        Raises:
            OSError: They still cannot be written.
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


def read(path: Path) -> dict[str, ProcessIdentity]:
    """The records that the last supervisor wrote; none where the file is missing or damaged."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=dict[str, ProcessIdentity])
    except (OSError, msgspec.DecodeError):
        return {}


def read_own(state_dir: StateDirectory) -> dict[str, ProcessIdentity]:
    """The records that belong to ``state_dir``; a copied directory holds those of the original, which are left out."""
    recorded = read(state_dir.records_file)
    return {name: identity for name, identity in recorded.items() if _belongs_to(state_dir, identity)}


def _belongs_to(state_dir: StateDirectory, identity: ProcessIdentity) -> bool:
    # The records of a directory that was moved hold its former path, where nothing exists now.
    try:
        return identity.home == str(state_dir.home) or state_dir.home.samefile(identity.home)
    except FileNotFoundError:
        return True
    except OSError:
        return False
