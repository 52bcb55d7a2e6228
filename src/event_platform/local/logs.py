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
    positions = {name: _size(folder / f"{name}.log") for name in wanted}
    while True:
        for name in wanted:
            text = _read_from(folder / f"{name}.log", positions)
            yield from ((name, line) for line in text.splitlines())
        time.sleep(_POLL_SECONDS)


def _size(log: Path) -> int:
    return log.stat().st_size if log.exists() else 0


def _read_from(log: Path, positions: dict[str, int]) -> str:
    size = _size(log)
    # A smaller file than before was cut.
    start = positions[log.stem] if size >= positions[log.stem] else 0
    if size == start:
        return ""
    with log.open("rb") as file:
        file.seek(start)
        whole_lines = file.read(size - start).rpartition(b"\n")[0]
    positions[log.stem] = start + len(whole_lines) + (1 if whole_lines else 0)
    return whole_lines.decode(errors="replace")
