"""One supervisor a state folder: the lock ends with the process, however that ends."""

import fcntl
from pathlib import Path
from typing import IO


def acquire(path: Path) -> IO[bytes] | None:
    """The lock, to be held open; None where another process holds it."""
    file = path.open("ab")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        file.close()
        return None
    return file


def is_held(path: Path) -> bool:
    """Whether a supervisor runs."""
    if not path.exists():
        return False
    file = acquire(path)
    if file:
        file.close()
    return file is None
