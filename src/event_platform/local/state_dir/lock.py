"""The lock that admits one supervisor per state directory; the kernel releases it when the process ends."""

import fcntl
from pathlib import Path
from typing import IO

from event_platform.core.errors import ConfigurationError


def acquire(path: Path) -> IO[bytes] | None:
    """Lock ``path`` and return the open file that holds the lock; None where another process holds it.

    Raises:
        ConfigurationError: The file cannot be opened or locked.
    """
    try:
        return _try_lock(path.open("ab"))
    except OSError as error:
        raise ConfigurationError(f"EVENT_PLATFORM_HOME={path.parent}: {error}") from error


def _try_lock(file: IO[bytes]) -> IO[bytes] | None:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        file.close()
        return None
    return file


def is_held(path: Path) -> bool:
    """Whether a supervisor holds the lock.

    Raises:
        ConfigurationError: We may not read the state directory.
    """
    try:
        # Opening for reading is enough for flock, and all that another user may do.
        file = _try_lock(path.open("rb"))
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
        return False
    except PermissionError as error:
        raise ConfigurationError(f"EVENT_PLATFORM_HOME={path.parent}: another user's ({error.strerror})") from error
    if file:
        file.close()
    return file is None
