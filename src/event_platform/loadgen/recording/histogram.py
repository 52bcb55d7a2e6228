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

_MAX_MICROSECONDS: Final = 3_600_000_000
_SIGNIFICANT_DIGITS: Final = 3


class Histogram:
    """Durations in seconds with three significant digits; anything above an hour counts as an hour."""

    def __init__(self) -> None:
        self._counts = HdrHistogram(1, _MAX_MICROSECONDS, _SIGNIFICANT_DIGITS)
        self._sum_seconds = 0.0
        self._max_seconds = 0.0

    def record(self, seconds: float) -> None:
        """Add one duration; a negative one, which a clock step can cause, counts as zero."""
        microseconds = round(seconds * 1_000_000)
        self._counts.record_value(min(max(microseconds, 1), _MAX_MICROSECONDS))
        self._sum_seconds += max(seconds, 0.0)
        self._max_seconds = max(self._max_seconds, seconds)

    def merge(self, other: Self) -> None:
        """Add all durations of ``other``, with the same result as recording them here."""
        self._counts.add(other._counts)
        self._sum_seconds += other._sum_seconds
        self._max_seconds = max(self._max_seconds, other._max_seconds)

    @property
    def count(self) -> int:
        """Number of durations."""
        return int(self._counts.total_count)

    @property
    def mean(self) -> float:
        """Average in seconds; 0 if empty."""
        return self._sum_seconds / self.count if self.count else 0.0

    @property
    def max(self) -> float:
        """Longest duration in seconds; 0 if empty."""
        return self._max_seconds

    def percentile(self, percent: float) -> float:
        """Return the seconds within which ``percent`` of all durations lie; 0 if empty."""
        if not self.count:
            return 0.0
        # The library returns the upper end of the bucket, which may exceed the longest duration recorded.
        bucket_end: int = self._counts.get_value_at_percentile(percent)
        return min(bucket_end / 1_000_000, max(self._max_seconds, 1e-6))

    def __reduce__(self) -> tuple[Callable[..., "Histogram"], tuple[bytes, float, float]]:
        return _unpickled, (self._counts.encode(), self._sum_seconds, self._max_seconds)


def _unpickled(encoded: bytes, sum_seconds: float, max_seconds: float) -> Histogram:
    histogram = Histogram()
    histogram._counts.decode_and_add(encoded)  # noqa: SLF001 - the counterpart of __reduce__
    histogram._sum_seconds, histogram._max_seconds = sum_seconds, max_seconds  # noqa: SLF001 - as above
    return histogram
