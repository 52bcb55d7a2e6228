"""Lag, age of the oldest event and trend, computed from offsets that were read from Kafka."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from event_platform.admin.responses.lag import Lag, PartitionLag


@dataclass(frozen=True, slots=True)
class PartitionOffsets:
    """Offsets of one partition.

    Attributes:
        committed: The consumer group's committed offset; None: nothing was committed.
        low: The oldest offset that is kept.
        end: The offset that the next record will get.
    """

    committed: int | None
    low: int
    end: int

    @property
    def start(self) -> int:
        """The next offset to be processed: the committed one, unless retention has removed it or there is none."""
        return self.low if self.committed is None else max(self.committed, self.low)

    @property
    def lag(self) -> int:
        """Records to be processed."""
        return max(0, self.end - self.start)


@dataclass(frozen=True, slots=True)
class LagMeasurement:
    """What Kafka reported at one moment.

    Attributes:
        offsets: By partition.
        members: The member that each assigned partition belongs to.
        member_count: Members of the consumer group.
        oldest_at: Timestamp of the oldest record to be processed; None: there is none, or it could not be read.
        error: What could not be read.
    """

    offsets: Mapping[int, PartitionOffsets]
    members: Mapping[int, str]
    member_count: int | None
    oldest_at: datetime | None = None
    error: str | None = None

    @property
    def total(self) -> int:
        """Records to be processed in all partitions."""
        return sum(each.lag for each in self.offsets.values())


def to_response(measurement: LagMeasurement, trend_per_second: float | None, now: datetime) -> Lag:
    """The API's response for a measurement."""
    age = (now - measurement.oldest_at).total_seconds() if measurement.oldest_at else None
    return Lag(
        as_of=now,
        total=measurement.total,
        trend_per_second=trend_per_second,
        # Kafka's clock may be ahead of this machine's.
        oldest_age_seconds=None if age is None else max(0.0, age),
        drain_seconds=_drain_seconds(measurement.total, trend_per_second),
        members=measurement.member_count,
        partitions=[_partition_lag(partition, measurement) for partition in sorted(measurement.offsets)],
        error=measurement.error,
    )


def unknown_response(error: str, now: datetime) -> Lag:
    """The API's response while Kafka is unavailable."""
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


def _partition_lag(partition: int, measurement: LagMeasurement) -> PartitionLag:
    offsets = measurement.offsets[partition]
    committed = offsets.low if offsets.committed is None else offsets.committed
    return PartitionLag(
        partition=partition,
        committed=committed,
        end=offsets.end,
        lag=offsets.lag,
        member=measurement.members.get(partition),
    )
