"""The rate at which the lag changes."""

from collections import deque
from typing import Final

WINDOW_SECONDS: Final = 30.0
MIN_WINDOW_SECONDS: Final = 2.0


class Trend:
    """Average rate of change of a number over the last half minute."""

    def __init__(self) -> None:
        self._samples: deque[tuple[float, int]] = deque()

    def add(self, at_seconds: float, number: int) -> None:
        """Add a sample taken at ``at_seconds`` of a monotonic clock."""
        self._samples.append((at_seconds, number))
        while at_seconds - self._samples[0][0] > WINDOW_SECONDS:
            self._samples.popleft()

    def per_second(self) -> float | None:
        """Change per second; None until the samples span two seconds."""
        if not self._samples:
            return None
        (first_at, first), (last_at, last) = self._samples[0], self._samples[-1]
        if last_at - first_at < MIN_WINDOW_SECONDS:
            return None
        return (last - first) / (last_at - first_at)
