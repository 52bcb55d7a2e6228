"""What the supervisor reports while starting: to the terminal, or to the command that started it."""

import contextlib
import os
import sys
from typing import Literal

import msgspec


class Report(msgspec.Struct, frozen=True):
    """One report; after ``ready`` or ``failed`` none follows."""

    kind: Literal["doing", "ready", "failed"]
    text: str


class Progress:
    """Reports, as JSON lines to a descriptor, or as text where there is none."""

    def __init__(self, descriptor: int | None) -> None:
        """Nothing is reported yet."""
        self._descriptor = descriptor
        self.is_ready = False

    def say(self, text: str) -> None:
        """What is being done."""
        self._report(Report("doing", text))

    def ready(self, lines: list[str]) -> None:
        """All runs."""
        self.is_ready = True
        self._report(Report("ready", "\n".join(lines)))
        self._close()

    def fail(self, text: str) -> None:
        """Nothing runs."""
        self._report(Report("failed", text))
        self._close()

    def _report(self, report: Report) -> None:
        if self._descriptor is None:
            _print(report)
            return
        # The one who started us may be gone; that is no reason to stop.
        with contextlib.suppress(OSError):
            os.write(self._descriptor, msgspec.json.encode(report) + b"\n")

    def _close(self) -> None:
        if self._descriptor is not None:
            with contextlib.suppress(OSError):
                os.close(self._descriptor)


def _print(report: Report) -> None:
    failed = report.kind == "failed"
    stream = sys.stderr if failed else sys.stdout
    with contextlib.suppress(OSError):
        stream.write(f"event-platform: {report.text}\n" if failed else f"{report.text}\n")
        stream.flush()
