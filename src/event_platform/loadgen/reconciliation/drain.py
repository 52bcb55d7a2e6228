"""Waits until the processor has read everything that had been published when the wait began."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from event_platform.core.errors import UnavailableError
from event_platform.loadgen.reconciliation.admin_api import AdminApi, Lag

_POLL_SECONDS: Final = 0.5

OnWaiting = Callable[[str], None]
"""Receives a sentence that says what is being waited for."""


@dataclass
class DrainTarget:
    """The end offsets that the processor has to reach, taken from the first lag computed after the wait began."""

    _first_as_of: str = ""
    _end_offsets: dict[int, int] = field(default_factory=dict)

    def reached(self, lag: Lag) -> bool:
        """Whether ``lag``, the latest answer, shows that everything published before the wait was processed."""
        if not self._end_offsets:
            # The first answer may be a cached one, from before the wait.
            self._first_as_of = self._first_as_of or lag.as_of
            if lag.as_of == self._first_as_of or not all(part.end is not None for part in lag.partitions):
                return False
            self._end_offsets = {part.partition: part.end or 0 for part in lag.partitions}
        committed = {part.partition: part.committed for part in lag.partitions}
        return bool(self._end_offsets) and all(
            (committed.get(partition) or 0) >= end for partition, end in self._end_offsets.items()
        )


def wait_until_drained(api: AdminApi, timeout_seconds: float, on_waiting: OnWaiting) -> bool:
    """Wait until the pipeline has drained; return False if it has not in time.

    Raises:
        UnavailableError: The admin API was unavailable until the end.
        PlatformError: It refuses to answer.
    """
    deadline = time.monotonic() + timeout_seconds
    target = DrainTarget()
    while True:
        try:
            lag = api.lag()
        except UnavailableError as error:
            if time.monotonic() > deadline:
                raise
            on_waiting(f"waiting for the admin API: {error}")
        else:
            if target.reached(lag):
                return True
            on_waiting(f"waiting for the processor: {_description(lag)}")
        if time.monotonic() > deadline:
            return False
        time.sleep(_POLL_SECONDS)


def _description(lag: Lag) -> str:
    return f"lag unknown ({lag.error})" if lag.total is None else f"{lag.total:,} events to go"
