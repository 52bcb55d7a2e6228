"""The processes' log files: bounded, shown, followed."""

import contextlib
import shutil
import time
from collections.abc import Iterator
from pathlib import Path

from event_platform.local.readiness import tail

LIMIT_BYTES = 10 * 1_048_576
"""A larger file becomes ``.1``, in place of the one before; so a process' logs take twice this at most."""

_TAIL_BYTES = 8_192
_POLL_SECONDS = 0.3


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


def names(folder: Path) -> list[str]:
    """The processes that have a log."""
    return sorted(log.stem for log in folder.glob("*.log") if log.is_file())


def last_lines(folder: Path, name: str) -> list[str]:
    """The end of a log."""
    return tail(folder / f"{name}.log", _TAIL_BYTES).splitlines()


def follow(folder: Path, wanted: list[str]) -> Iterator[tuple[str, str]]:
    """Names and lines of the logs: their ends, then what is written from now on, for ever."""
    followers = {name: Follower(folder / f"{name}.log") for name in wanted}
    for name, follower in followers.items():
        yield from ((name, line) for line in follower.last_lines())
    while True:
        time.sleep(_POLL_SECONDS)
        for name, follower in followers.items():
            yield from ((name, line) for line in follower.new_lines())


class Follower:
    """Reads what is appended to a log, also after it was cut."""

    def __init__(self, log: Path) -> None:
        """From where it ends now."""
        self._log = log
        self._position = self._size()

    def last_lines(self) -> list[str]:
        """The whole lines before there, of the last kilobytes."""
        start = max(0, self._position - _TAIL_BYTES)
        text = self._read(start, self._position)
        # The first one is whole only where the log begins with it.
        return text.splitlines()[1 if start else 0 :]

    def new_lines(self) -> list[str]:
        """Whole lines that were added since the last call."""
        size = self._size()
        # A smaller file than before was cut.
        start = self._position if size >= self._position else 0
        return self._read(start, size).splitlines() if size > start else []

    def _read(self, start: int, end: int) -> str:
        """The whole lines in there, after the last of which reading will go on."""
        self._position = start
        if not self._log.exists():
            return ""
        with self._log.open("rb") as file:
            file.seek(start)
            whole, newline, _ = file.read(end - start).rpartition(b"\n")
        self._position += len(whole) + len(newline)
        return whole.decode(errors="replace")

    def _size(self) -> int:
        return self._log.stat().st_size if self._log.exists() else 0
