"""The steps that a batch goes through, and how long each takes."""

import time
from collections.abc import Callable
from enum import StrEnum
from typing import TypeAlias

from event_platform.core.metrics.processor import ProcessorMetrics


class Step(StrEnum):
    """A step; from ``take`` to ``commit`` they are one transaction, in this order."""

    DECIDE = "decide"
    TAKE = "take"
    COPY = "copy"
    STAGED = "staged"
    BURY = "bury"
    COUNT = "count"
    COMMIT = "commit"
    PUBLISH = "publish"
    OFFSETS = "offsets"


NoteStep: TypeAlias = Callable[[Step, float], None]
"""Is told a step and the seconds that it took."""


def noting(metrics: ProcessorMetrics) -> NoteStep:
    """Note steps in ``metrics``."""
    histograms = {step: metrics.step_seconds.labels(step) for step in Step}
    return lambda step, seconds: histograms[step].observe(seconds)


def unnoted(_step: Step, _seconds: float) -> None:
    """Note nothing."""


class Laps:
    """Times steps that follow each other; what is broken off in the middle of one is not noted."""

    def __init__(self, note: NoteStep) -> None:
        """The first step begins now."""
        self._note = note
        self._since = time.perf_counter()

    def end(self, step: Step) -> None:
        """``step`` is over, and the next one begins."""
        now = time.perf_counter()
        self._note(step, now - self._since)
        self._since = now
