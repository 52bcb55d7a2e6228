"""An event, and the request that carries one or several of them."""

from msgspec import Struct

from event_platform.loadgen.traffic.request_kinds import RequestKind


# Structs, because some are made for each request, and a frozen dataclass takes nine times as long to make.
class Event(Struct, frozen=True):
    """One event with its serialized body, to be sent as often as needed."""

    tenant: str
    key: str
    kind: RequestKind
    body: bytes


class Request(Struct, frozen=True):
    """One HTTP request with one event, or with the events of a batch, all of one tenant.

    Attributes:
        start_seconds: Intended start, in seconds after the start of the run.
    """

    start_seconds: float
    events: tuple[Event, ...]

    @property
    def tenant(self) -> str:
        """Tenant of all its events."""
        return self.events[0].tenant

    @property
    def body_bytes(self) -> int:
        """Total size of its events' bodies."""
        return sum(len(event.body) for event in self.events)
