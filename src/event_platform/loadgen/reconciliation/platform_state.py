"""What the platform holds of the events sent."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from event_platform.loadgen.recording.attempt import EventKey

RequestKey = tuple[str, str]
"""Tenant and request id."""


@dataclass(frozen=True, slots=True)
class KeyState:
    """What the platform holds under one idempotency key or request id.

    Attributes:
        stored: Number of rows.
        dead: Number of dead letters.
        id: Id of the row.
        code: Error code of the dead letter.
    """

    stored: int = 0
    dead: int = 0
    id: str | None = None
    code: str | None = None


@dataclass(frozen=True, slots=True)
class PlatformState:
    """What the platform holds.

    Attributes:
        by_key: State of each event; a key without an entry was not found.
        by_request: State of acknowledged requests whose id is not their row's id: a duplicate that only the processor
            recognised is found under the row of the first request.
    """

    by_key: Mapping[EventKey, KeyState]
    by_request: Mapping[RequestKey, KeyState] = field(default_factory=dict)

    def of_key(self, key: EventKey) -> KeyState:
        """Return the state of an event."""
        return self.by_key.get(key, KeyState())

    def holds_request(self, key: RequestKey) -> bool:
        """Whether anything is stored or dead-lettered under a request id."""
        state = self.by_request.get(key, KeyState())
        return bool(state.stored or state.dead)
