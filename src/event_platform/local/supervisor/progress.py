"""Progress of a startup: printed to the terminal, or sent to the command that started the supervisor."""

import contextlib
import os
import sys
from typing import Literal

import msgspec


class ProgressReport(msgspec.Struct, frozen=True):
    """One line of progress; ``ready`` and ``failed`` are the last of their startup."""

    kind: Literal["doing", "ready", "failed"]
    text: str


class ProgressReporter:
    """Writes reports as JSON lines to a file descriptor, or as text to the terminal."""

    def __init__(self, descriptor: int | None) -> None:
        """Write to ``descriptor``; where that is None, to stdout and stderr."""
        self._descriptor = descriptor
        self.is_ready = False

    def report_step(self, text: str) -> None:
        """Report what is being done."""
        self._write(ProgressReport("doing", text))

    def report_ready(self, lines: list[str]) -> None:
        """Report that everything runs, and close the descriptor."""
        self.is_ready = True
        self._write(ProgressReport("ready", "\n".join(lines)))
        self._close()

    def report_failure(self, text: str) -> None:
        """Report why the startup failed, and close the descriptor."""
        self._write(ProgressReport("failed", text))
        self._close()

    def _write(self, report: ProgressReport) -> None:
        if self._descriptor is None:
            _print(report)
            return
        # The command that started us may have ended; that is no reason to stop.
        with contextlib.suppress(OSError):
            os.write(self._descriptor, msgspec.json.encode(report) + b"\n")

    def _close(self) -> None:
        if self._descriptor is not None:
            with contextlib.suppress(OSError):
                os.close(self._descriptor)


def _print(report: ProgressReport) -> None:
    has_failed = report.kind == "failed"
    stream = sys.stderr if has_failed else sys.stdout
    with contextlib.suppress(OSError):
        stream.write(f"event-platform: {report.text}\n" if has_failed else f"{report.text}\n")
        stream.flush()
