"""Ports for servers: free ones, reserved against every other platform and test run of this machine.

A port that was only looked at is free for the next one who looks, too, until somebody listens there. So whoever chooses
one locks a file named after it, in a folder that all users of the machine share; the lock ends with the process.
"""

import contextlib
import fcntl
import os
import random
import socket
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Self

from event_platform.core.errors import UnavailableError

LOOPBACK = "127.0.0.1"

# Below the range from which the system takes the source ports of outgoing connections (32,768 and up by default on
# Linux): there, a client that keeps trying while a server restarts could take the server's port, or even connect to
# itself.
_FIRST, _END = 15_000, 32_000
_TRIES = 200


class Reservations:
    """Ports that this process has reserved, until they are released or the process ends, however it ends."""

    def __init__(self, folder: Path | None = None) -> None:
        """Reserve nothing yet; ``folder`` holds the lock files, one for the machine where none is given."""
        self._folder = folder or Path(tempfile.gettempdir()) / "event-platform-ports"
        self._locks: dict[int, int | None] = {}

    def reserve(self, preferred: Iterable[int] = ()) -> int:
        """Reserve the first of ``preferred`` that is free, else a random free port.

        Raises:
            UnavailableError: None was found.
        """
        chance = random.SystemRandom()
        for port in (*preferred, *(chance.randrange(_FIRST, _END) for _ in range(_TRIES))):
            if port not in self._locks and self._lock(port):
                if is_free(port):
                    return port
                self.release(port)
        raise UnavailableError(f"no free port was found between {_FIRST} and {_END}")

    def release(self, *ports: int) -> None:
        """Let others have these."""
        for port in ports:
            lock = self._locks.pop(port, None)
            if lock is not None:
                os.close(lock)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.release(*self._locks)

    def _lock(self, port: int) -> bool:
        try:
            self._locks[port] = _lock_file(self._folder, port)
        except BlockingIOError:
            return False
        except OSError:
            # Where no lock can be had, a failed bind is noticed all the same, and another port chosen.
            self._locks[port] = None
        return True


def _lock_file(folder: Path, port: int) -> int:
    """The locked descriptor of a port's file; raises `BlockingIOError` where another process holds the lock."""
    if not folder.exists():
        folder.mkdir(parents=True, exist_ok=True)
        # As for /tmp itself: everybody may create files, and nobody may remove another's.
        with contextlib.suppress(PermissionError):
            folder.chmod(0o1777)
    path = folder / str(port)
    try:
        # A file of another user in such a folder may be opened and locked, but not with O_CREAT (fs.protected_regular).
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
    except FileNotFoundError:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CREAT, 0o644)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(descriptor)
        raise
    return descriptor


def is_free(port: int, host: str = LOOPBACK) -> bool:
    """Whether a server could listen on ``port``."""
    with socket.socket() as candidate:
        candidate.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            candidate.bind((host, port))
        except OSError:
            return False
    # One who listens on all addresses does not stop us from binding loopback on every system.
    return not answers(port, host)


def answers(port: int, host: str = LOOPBACK) -> bool:
    """Whether somebody listens there."""
    try:
        socket.create_connection((host, port), timeout=0.5).close()
    except OSError:
        return False
    return True
