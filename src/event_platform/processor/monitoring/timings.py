"""How long each step of a batch takes, for the metric ``processor_step_seconds``."""

import time
from collections.abc import Callable
from enum import StrEnum
from typing import TypeAlias

from event_platform.core.metrics.processor import ProcessorMetrics


class Step(StrEnum):
    """A step of a batch, by its metric label; the steps from ``take`` to ``commit`` are one transaction, in order."""

    DECIDE = "decide"
    """Decode, validate and enrich."""
    LOCK_OFFSETS = "take"
    """Move the partitions' offsets in Postgres, which fences older owners."""
    COPY = "copy"
    STAGED = "staged"
    """Insert through the staging table, where rows conflict."""
    DEAD_LETTERS = "bury"
    """Insert dead letters."""
    ROLLUPS = "count"
    COMMIT = "commit"
    PUBLISH = "publish"
    """Publish dead letters."""
    COMMIT_OFFSETS = "offsets"
    """Commit offsets to Kafka."""


RecordStep: TypeAlias = Callable[[Step, float], None]
"""Called with a step and the seconds that it took."""


def step_recorder(metrics: ProcessorMetrics) -> RecordStep:
    """Return a function that records steps in ``metrics``."""
    histograms = {step: metrics.step_seconds.labels(step) for step in Step}
    return lambda step, seconds: histograms[step].observe(seconds)


def ignore_step(_step: Step, _seconds: float) -> None:
    """Record nothing; for callers without metrics."""


class Stopwatch:
    """Times consecutive steps; a step that fails is not recorded."""

    def __init__(self, record_step: RecordStep) -> None:
        self._record_step = record_step
        self._started_at = time.perf_counter()

    def record(self, step: Step) -> None:
        """Record the time since the last step as that of ``step``, and start the next one."""
        now = time.perf_counter()
        self._record_step(step, now - self._started_at)
        self._started_at = now
