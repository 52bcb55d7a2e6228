"""Which partitions are read, which are stopped, and which nobody reads."""

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from event_platform.processor.outages.dependency_status import LastError


class PartitionStatus:
    """Partitions with the reason why events wait there; written by two threads, each its own part of it."""

    def __init__(self, last_error: LastError) -> None:
        self._last_error = last_error
        self._stopped: dict[int, str] = {}
        self._stalled: dict[int, str] = {}
        self.assigned: tuple[int, ...] = ()
        """The partitions that this worker reads."""

    def set_assigned(self, partitions: tuple[int, ...]) -> None:
        """Replace the partitions that this worker reads."""
        self.assigned = partitions

    def mark_stopped(self, partition: int, reason: str) -> None:
        """Record that a partition cannot be read on, for most reasons until an operator acts."""
        self._stopped = {**self._stopped, partition: reason}
        self._last_error.record(reason)

    def stopped(self) -> Collection[int]:
        """The partitions that cannot be read on."""
        return self._stopped.keys()

    def clear_stopped(self, partitions: Collection[int]) -> None:
        """Record that these are read again, or belong to another worker now."""
        self._stopped = {p: reason for p, reason in self._stopped.items() if p not in partitions}

    def set_stalled(self, reasons: Mapping[int, str]) -> None:
        """Replace the partitions of the whole topic that have events but do not advance, whoever should read them."""
        self._stalled = dict(reasons)

    def problems(self) -> Iterator[str]:
        """One line for each partition that is stopped or stalled."""
        stopped = self._stopped
        yield from (f"partition {partition}: {reason}" for partition, reason in stopped.items())
        stalled = self._stalled.items()
        yield from (f"partition {partition}: {reason}" for partition, reason in stalled if partition not in stopped)

    def report(self) -> dict[str, Any]:
        """The partitions' part of `/health`."""
        return {
            "partitions": list(self.assigned),
            "stopped_partitions": {str(partition): reason for partition, reason in self._stopped.items()},
            "unmoved_partitions": {str(partition): reason for partition, reason in self._stalled.items()},
        }
