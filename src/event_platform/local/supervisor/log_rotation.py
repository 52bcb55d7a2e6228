"""Log rotation: bounds the size of every log file."""

import contextlib
import shutil
from pathlib import Path

LIMIT_BYTES = 10 * 1_048_576
"""A larger file becomes ``.1``, in place of the one before; so a process' logs take twice this at most."""


def rotate(folder: Path, limit_bytes: int = LIMIT_BYTES) -> None:
    """Cut files that have grown beyond the limit, each whatever becomes of the others.

    They are copied and emptied, not moved: processes append to the file they have open. What one writes between the
    two is lost. Where no copy can be made a file is emptied without one, once it is as large as both would be.

    Raises:
        OSError: One could not be copied or cut; the last one's.
    """
    failure: OSError | None = None
    for log in folder.glob("*.log"):
        try:
            if log.is_file():
                _cut(log, limit_bytes)
        except OSError as error:
            failure = error
    if failure:
        raise failure


def _cut(log: Path, limit_bytes: int) -> None:
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


def _copy(log: Path, kept: Path) -> None:
    try:
        shutil.copyfile(log, kept)
    except OSError:
        # A part of it takes the room that is missing.
        with contextlib.suppress(OSError):
            kept.unlink()
        raise
