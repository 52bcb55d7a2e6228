"""The processes' log files: bounded, shown, followed."""

import time
from collections.abc import Iterator
from pathlib import Path

from event_platform.local.process.log_file import tail

_TAIL_BYTES = 8_192
_POLL_SECONDS = 0.3


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
