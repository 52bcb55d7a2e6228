"""Showing the log files: their names, their ends, and following them."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from event_platform.local.process.log_file import tail

_TAIL_BYTES: Final = 8_192
_POLL_SECONDS: Final = 0.3


def names(directory: Path) -> list[str]:
    """The processes that have a log."""
    return sorted(log.stem for log in directory.glob("*.log") if log.is_file())


def last_lines(directory: Path, name: str) -> list[str]:
    """The last lines of a log."""
    return tail(directory / f"{name}.log", _TAIL_BYTES).splitlines()


def follow(directory: Path, wanted: list[str]) -> Iterator[tuple[str, str]]:
    """Yield names and lines of the logs: their last lines, then what is appended, without end."""
    followers = {name: LogFollower(directory / f"{name}.log") for name in wanted}
    for name, follower in followers.items():
        yield from ((name, line) for line in follower.last_lines())
    while True:
        time.sleep(_POLL_SECONDS)
        for name, follower in followers.items():
            yield from ((name, line) for line in follower.new_lines())


class LogFollower:
    """Reads what is appended to a log, starting at its current end; keeps up when the log is truncated."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._position = self._size()

    def last_lines(self) -> list[str]:
        """The whole lines among the last kilobytes before the current position."""
        start = max(0, self._position - _TAIL_BYTES)
        text = self._read(start, self._position)
        # The first line is incomplete unless the log begins with it.
        return text.splitlines()[1 if start else 0 :]

    def new_lines(self) -> list[str]:
        """The whole lines that were appended since the last call."""
        size = self._size()
        # A file smaller than before was truncated.
        start = self._position if size >= self._position else 0
        return self._read(start, size).splitlines() if size > start else []

    def _read(self, start: int, end: int) -> str:
        """The whole lines between the two positions; the next read continues after the last of them."""
        self._position = start
        if not self._path.exists():
            return ""
        with self._path.open("rb") as file:
            file.seek(start)
            whole, newline, _ = file.read(end - start).rpartition(b"\n")
        self._position += len(whole) + len(newline)
        return whole.decode(errors="replace")

    def _size(self) -> int:
        return self._path.stat().st_size if self._path.exists() else 0
