"""How far the processor is behind: arithmetic on what Kafka says."""

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from event_platform.admin.responses import Lag, PartitionLag

TREND_SECONDS: Final = 30.0
MIN_TREND_SECONDS: Final = 2.0


@dataclass(frozen=True)
class Offsets:
    """A partition's offsets: where the group goes on (None: nothing was committed), the oldest kept, the next."""

    committed: int | None
    low: int
    end: int

    @property
    def start(self) -> int:
        """Where the processor goes on: never before the oldest message that is kept, and there without a commit."""
        return self.low if self.committed is None else max(self.committed, self.low)

    @property
    def lag(self) -> int:
        """Messages to be processed."""
        return max(0, self.end - self.start)


@dataclass(frozen=True)
class Measurement:
    """What Kafka said at one moment.

    Attributes:
        offsets: By partition.
        readers: Who reads each partition that somebody reads.
        members: How many are in the group.
        oldest_at: When the oldest message to be processed was produced; None: none waits, or it is unknown.
        error: What could not be had.
    """

    offsets: Mapping[int, Offsets]
    readers: Mapping[int, str]
    members: int | None
    oldest_at: datetime | None = None
    error: str | None = None

    @property
    def total(self) -> int:
        """Messages to be processed in all partitions."""
        return sum(each.lag for each in self.offsets.values())


class Trend:
    """How fast a number changes, from what it was in the last half minute."""

    def __init__(self) -> None:
        """Nothing is known yet."""
        self._samples: deque[tuple[float, int]] = deque()

    def add(self, at_seconds: float, number: int) -> None:
        """Note what the number is at ``at_seconds`` of a clock that never goes back."""
        self._samples.append((at_seconds, number))
        while at_seconds - self._samples[0][0] > TREND_SECONDS:
            self._samples.popleft()

    def per_second(self) -> float | None:
        """Its change a second; None until it was seen for two seconds."""
        if not self._samples:
            return None
        (first_at, first), (last_at, last) = self._samples[0], self._samples[-1]
        if last_at - first_at < MIN_TREND_SECONDS:
            return None
        return (last - first) / (last_at - first_at)


def describe(measured: Measurement, trend_per_second: float | None, now: datetime) -> Lag:
    """The answer to who asks."""
    age = (now - measured.oldest_at).total_seconds() if measured.oldest_at else None
    return Lag(
        as_of=now,
        total=measured.total,
        trend_per_second=trend_per_second,
        # Producers' clocks may be ahead of ours.
        oldest_age_seconds=None if age is None else max(0.0, age),
        drain_seconds=_drain_seconds(measured.total, trend_per_second),
        members=measured.members,
        partitions=[_partition(number, measured) for number in sorted(measured.offsets)],
        error=measured.error,
    )


def unknown(error: str, now: datetime) -> Lag:
    """The answer when Kafka says nothing."""
    return Lag(
        as_of=now,
        total=None,
        trend_per_second=None,
        oldest_age_seconds=None,
        drain_seconds=None,
        members=None,
        partitions=[],
        error=error,
    )


def _drain_seconds(total: int, trend_per_second: float | None) -> float | None:
    return total / -trend_per_second if trend_per_second is not None and trend_per_second < 0 else None


def _partition(number: int, measured: Measurement) -> PartitionLag:
    offsets = measured.offsets[number]
    committed = offsets.low if offsets.committed is None else offsets.committed
    return PartitionLag(
        partition=number,
        committed=committed,
        end=offsets.end,
        lag=offsets.lag,
        member=measured.readers.get(number),
    )
