"""Log rotation: bounds the size of every log file."""

import contextlib
import shutil
from pathlib import Path
from typing import Final

LIMIT_BYTES: Final = 10 * 1_048_576
"""A larger file is moved to ``.1``, replacing the previous one, so that a process' logs take at most twice this."""


def rotate(directory: Path, limit_bytes: int = LIMIT_BYTES) -> None:
    """Copy and truncate every log larger than ``limit_bytes``; a failure with one does not affect the others.

    Files are copied and truncated, not renamed, because processes append to the file they have open. A line written
    between the two steps is lost. A log that cannot be copied is truncated all the same at twice the limit.

    Raises:
        OSError: A log could not be copied or truncated; of several failures, the last.
    """
    failure: OSError | None = None
    for log in directory.glob("*.log"):
        try:
            if log.is_file():
                _rotate_one(log, limit_bytes)
        except OSError as error:
            failure = error
    if failure:
        raise failure


def _rotate_one(log: Path, limit_bytes: int) -> None:
    size = log.stat().st_size
    if size <= limit_bytes:
        return
    try:
        _copy(log, log.with_suffix(".log.1"))
    except OSError:
        if size <= 2 * limit_bytes:
            raise
    with log.open("r+b") as file:
        file.truncate()


def _copy(log: Path, copy: Path) -> None:
    try:
        shutil.copyfile(log, copy)
    except OSError:
        # A partial copy would take the space that is lacking.
        with contextlib.suppress(OSError):
            copy.unlink()
        raise
