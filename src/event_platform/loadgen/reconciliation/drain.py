"""Waits until the processor has read all that ingest had published when the sending ended."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from event_platform.core.errors import UnavailableError
from event_platform.loadgen.reconciliation.admin_api import AdminApi, Lag

_POLL_SECONDS = 0.5

OnWaiting = Callable[[str], None]
"""Gets a sentence on what is waited for."""


@dataclass
class Target:
    """The offsets that are to be reached; pure, fed with one look after the other."""

    _first_as_of: str = ""
    _ends: dict[int, int] = field(default_factory=dict)

    def reached(self, lag: Lag) -> bool:
        """Whether ``lag`` shows that everything published before the first look was read.

        The API may repeat an earlier look for a moment; so the ends are taken from the first one made after that.
        """
        if not self._ends:
            self._first_as_of = self._first_as_of or lag.as_of
            if lag.as_of == self._first_as_of or not all(part.end is not None for part in lag.partitions):
                return False
            self._ends = {part.partition: part.end or 0 for part in lag.partitions}
        committed = {part.partition: part.committed for part in lag.partitions}
        return bool(self._ends) and all((committed.get(number) or 0) >= end for number, end in self._ends.items())


def wait(api: AdminApi, timeout_seconds: float, on_waiting: OnWaiting) -> bool:
    """Wait until the pipeline has drained; False where it did not in time.

    Raises:
        UnavailableError: The admin API could not be asked until the end.
        PlatformError: It refuses to answer.
    """
    deadline = time.monotonic() + timeout_seconds
    target = Target()
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
            on_waiting(f"waiting for the processor: {_shown(lag)}")
        if time.monotonic() > deadline:
            return False
        time.sleep(_POLL_SECONDS)


def _shown(lag: Lag) -> str:
    return f"the lag is unknown ({lag.error})" if lag.total is None else f"{lag.total:,} events to go"
