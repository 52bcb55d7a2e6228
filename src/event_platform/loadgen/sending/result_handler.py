"""What is noted when an attempt ends, and which of its events are sent again."""

from random import Random

from msgspec import Struct

from event_platform.loadgen.recording.attempt_log import Ledger
from event_platform.loadgen.recording.attempt_result import Ended
from event_platform.loadgen.recording.counters import Tally
from event_platform.loadgen.sending import retry_policy
from event_platform.loadgen.traffic.events import Event


class Again(Struct, frozen=True):
    """Events worth another attempt after a pause, each with the end of its last one."""

    pause_seconds: float
    unsettled: tuple[tuple[Event, Ended], ...]

    @property
    def events(self) -> tuple[Event, ...]:
        """Those to be sent."""
        return tuple(event for event, _ in self.unsettled)


class Settlement:
    """Keeps the tally of the current interval and the ledger of the run."""

    def __init__(self, ledger: Ledger, chance: Random, *, retries: bool) -> None:
        self.tally = Tally()
        self._ledger = ledger
        self._chance = chance
        self._retries = retries

    def settle(self, events: tuple[Event, ...], ends: list[Ended], attempt: int, latency_seconds: float) -> Again:
        """Note how an attempt ended; what it returns without events is final."""
        unsettled: list[tuple[Event, Ended]] = []
        pause_seconds = 0.0
        for event, ended in zip(events, ends, strict=True):
            self._ledger.enter(event, ended)
            self.tally.answers[ended.label] += 1
            pause = retry_policy.pause_seconds(ended, attempt, self._chance.random()) if self._retries else None
            if pause is None:
                self.tally.end(event, ended, latency_seconds)
            else:
                unsettled.append((event, ended))
                pause_seconds = max(pause_seconds, pause)
        return Again(pause_seconds, tuple(unsettled))

    def give_up(self, again: Again, latency_seconds: float) -> None:
        """The last attempts' ends are final."""
        for event, ended in again.unsettled:
            self.tally.end(event, ended, latency_seconds)

    def stop_retrying(self) -> None:
        """From now on every end is final."""
        self._retries = False

    def take_tally(self) -> Tally:
        """What was counted since the last call."""
        taken, self.tally = self.tally, Tally()
        return taken
