"""Free ports for servers, reserved against every other platform and test run on this machine.

A port that was merely found free is free for the next process that looks, too, until something listens there. So
whoever chooses a port locks a file named after it, in a directory shared by all users; the lock ends with the process.
"""

import contextlib
import fcntl
import os
import random
import socket
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Final, Self

from event_platform.core.errors import UnavailableError

LOOPBACK: Final = "127.0.0.1"

# Below the range of ephemeral ports (32,768 and up by default on Linux): in it, a client that reconnects while a server
# restarts could take the server's port as its source port, or even connect to itself.
_FIRST: Final = 15_000
_END: Final = 32_000
_ATTEMPTS: Final = 200


class PortReservations:
    """The ports that this process has reserved, until it releases them or ends, even by SIGKILL."""

    def __init__(self, directory: Path | None = None) -> None:
        """Keep the lock files in ``directory``; without one, in the directory that the whole machine shares."""
        self._directory = directory or Path(tempfile.gettempdir()) / "event-platform-ports"
        self._locks: dict[int, int | None] = {}

    def reserve(self, preferred: Iterable[int] = ()) -> int:
        """Reserve the first of ``preferred`` that is free, else a random free port.

        Raises:
            UnavailableError: None was found.
        """
        generator = random.SystemRandom()
        for port in (*preferred, *(generator.randrange(_FIRST, _END) for _ in range(_ATTEMPTS))):
            if port not in self._locks and self._lock(port):
                if is_free(port):
                    return port
                self.release(port)
        raise UnavailableError(f"no free port was found between {_FIRST} and {_END}")

    def release(self, *ports: int) -> None:
        """Release ports, so that other processes can reserve them."""
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
            self._locks[port] = _lock_file(self._directory, port)
        except BlockingIOError:
            return False
        except OSError:
            # Without a lock, two processes may choose one port; the second fails to bind and chooses another.
            self._locks[port] = None
        return True


def _lock_file(directory: Path, port: int) -> int:
    """Lock a port's file and return its descriptor; raise `BlockingIOError` where another process holds the lock."""
    if not directory.exists():
        directory.mkdir(parents=True, exist_ok=True)
        # The mode of /tmp: everybody may create files, and nobody may remove another user's.
        with contextlib.suppress(PermissionError):
            directory.chmod(0o1777)
    path = directory / str(port)
    try:
        # In such a directory another user's file may be opened and locked, but not with O_CREAT (fs.protected_regular).
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
    # On some systems loopback can be bound although another process listens on all addresses.
    return not is_listening(port, host)


def is_listening(port: int, host: str = LOOPBACK) -> bool:
    """Whether a process accepts connections on ``port``."""
    try:
        socket.create_connection((host, port), timeout=0.5).close()
    except OSError:
        return False
    return True
