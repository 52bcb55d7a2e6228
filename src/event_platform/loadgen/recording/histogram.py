"""Durations in a histogram of constant relative precision (http://hdrhistogram.org), from 1 µs to 1 hour."""

from collections.abc import Callable
from typing import Final, Self

from event_platform.core.errors import ConfigurationError

try:
    from hdrh.histogram import HdrHistogram
except ImportError as error:
    raise ConfigurationError(
        f"the package hdrhistogram, by which loadgen and the demos measure, is not installed ({error}): "
        "`pip install 'event-platform[loadgen]'`"
    ) from error

_LONGEST_MICROSECONDS: Final = 3_600_000_000
_SIGNIFICANT_DIGITS: Final = 3


class Histogram:
    """Durations in seconds, exact to three digits; longer ones than an hour count as an hour."""

    def __init__(self) -> None:
        self._counts = HdrHistogram(1, _LONGEST_MICROSECONDS, _SIGNIFICANT_DIGITS)
        self._sum_seconds = 0.0
        self._max_seconds = 0.0

    def record(self, seconds: float) -> None:
        """Add one duration; what a clock made negative counts as zero."""
        microseconds = round(seconds * 1_000_000)
        self._counts.record_value(min(max(microseconds, 1), _LONGEST_MICROSECONDS))
        self._sum_seconds += max(seconds, 0.0)
        self._max_seconds = max(self._max_seconds, seconds)

    def add(self, other: Self) -> None:
        """Add all durations of ``other``: the result is as if all had been recorded here."""
        self._counts.add(other._counts)
        self._sum_seconds += other._sum_seconds
        self._max_seconds = max(self._max_seconds, other._max_seconds)

    @property
    def count(self) -> int:
        """Number of durations."""
        return int(self._counts.total_count)

    @property
    def mean(self) -> float:
        """Average in seconds; 0 where there are none."""
        return self._sum_seconds / self.count if self.count else 0.0

    @property
    def max(self) -> float:
        """The longest, in seconds."""
        return self._max_seconds

    def percentile(self, percent: float) -> float:
        """Seconds within which ``percent`` of all lie; 0 where there are none."""
        if not self.count:
            return 0.0
        # The histogram gives its bucket's upper end, which must not exceed the longest that there was.
        bucket_end: int = self._counts.get_value_at_percentile(percent)
        return min(bucket_end / 1_000_000, max(self._max_seconds, 1e-6))

    def __reduce__(self) -> tuple[Callable[..., "Histogram"], tuple[bytes, float, float]]:
        return _unpacked, (self._counts.encode(), self._sum_seconds, self._max_seconds)


def _unpacked(encoded: bytes, sum_seconds: float, max_seconds: float) -> Histogram:
    histogram = Histogram()
    histogram._counts.decode_and_add(encoded)  # noqa: SLF001 - the other half of pickling
    histogram._sum_seconds, histogram._max_seconds = sum_seconds, max_seconds  # noqa: SLF001 - the same
    return histogram
