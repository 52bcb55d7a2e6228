"""One supervisor a state folder: the lock ends with the process, however that ends."""

import fcntl
from pathlib import Path
from typing import IO

from event_platform.core.errors import ConfigurationError


def acquire(path: Path) -> IO[bytes] | None:
    """The lock, to be held open; None where another process holds it.

    Raises:
        ConfigurationError: There can be none.
    """
    try:
        return _locked(path.open("ab"))
    except OSError as error:
        raise ConfigurationError(f"EVENT_PLATFORM_HOME={path.parent}: {error}") from error


def _locked(file: IO[bytes]) -> IO[bytes] | None:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        file.close()
        return None
    return file


def is_held(path: Path) -> bool:
    """Whether a supervisor runs.

    Raises:
        ConfigurationError: The state folder is closed to us.
    """
    try:
        # To read is enough, and all that another user may.
        file = _locked(path.open("rb"))
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
        return False
    except PermissionError as error:
        raise ConfigurationError(f"EVENT_PLATFORM_HOME={path.parent}: another user's ({error.strerror})") from error
    if file:
        file.close()
    return file is None
