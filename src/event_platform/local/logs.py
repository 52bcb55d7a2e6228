"""The processes' log files: bounded, shown, followed."""

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
    """Cut files that have grown beyond the limit.

    They are copied and emptied, not moved: processes append to the file they have open. What one writes between the
    two is lost.
    """
    for log in folder.glob("*.log"):
        if log.stat().st_size > limit_bytes:
            shutil.copyfile(log, log.with_suffix(".log.1"))
            with log.open("r+b") as file:
                file.truncate()


def names(folder: Path) -> list[str]:
    """The processes that have a log."""
    return sorted(log.stem for log in folder.glob("*.log"))


def last_lines(folder: Path, name: str) -> list[str]:
    """The end of a log."""
    return tail(folder / f"{name}.log", _TAIL_BYTES).splitlines()


def follow(folder: Path, wanted: list[str]) -> Iterator[tuple[str, str]]:
    """Names and new lines of the logs, for ever; from where they end now."""
    followers = {name: Follower(folder / f"{name}.log") for name in wanted}
    while True:
        for name, follower in followers.items():
            yield from ((name, line) for line in follower.new_lines())
        time.sleep(_POLL_SECONDS)


class Follower:
    """Reads what is appended to a log, also after it was cut."""

    def __init__(self, log: Path) -> None:
        """From where it ends now."""
        self._log = log
        self._position = self._size()

    def new_lines(self) -> list[str]:
        """Whole lines that were added since the last call."""
        size = self._size()
        # A smaller file than before was cut.
        start = self._position if size >= self._position else 0
        if size == start:
            return []
        with self._log.open("rb") as file:
            file.seek(start)
            whole, newline, _ = file.read(size - start).rpartition(b"\n")
        self._position = start + len(whole) + len(newline)
        return whole.decode(errors="replace").splitlines()

    def _size(self) -> int:
        return self._log.stat().st_size if self._log.exists() else 0
