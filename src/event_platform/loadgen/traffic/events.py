"""Events and their bodies: a pure function of the seed and the event's number."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from random import Random

from msgspec import Struct

from event_platform.loadgen.traffic.request_kinds import Kind
from event_platform.loadgen.traffic.scenario import Scenario

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LATEST_MICROSECONDS = 253_370_764_800_000_000
"""The year 9999, the last that an event may have occurred in."""


class Event(Struct, frozen=True):
    """One event, ready to be sent as often as needed."""

    tenant: str
    key: str
    kind: Kind
    body: bytes


Fields = dict[str, bytes]
"""The event's members, each value as JSON."""


class Bodies:
    """Writes the bodies of a run's events.

    ``occurred_at`` starts at the seed, read as microseconds since 1970: a run that was given no seed takes the
    present time as its seed, and one that was given a seed has the same bodies each time.
    """

    def __init__(self, scenario: Scenario, seed: int, chance: Random) -> None:
        self._seed = seed
        self._chance = chance
        self._begin = _EPOCH + timedelta(microseconds=seed % _LATEST_MICROSECONDS)
        self._types = [f'"{name}"'.encode() for name in scenario.event_types]
        self._weights = list(scenario.event_types.values())
        self._sizes = scenario.payload_bytes
        self._oversize_bytes = scenario.oversize_bytes

    def key(self, number: int) -> str:
        """The idempotency key of event ``number``."""
        return f"lg-{self._seed:x}-{number}"

    def write(self, number: int, at: float, kind: Kind) -> bytes:
        """The body of event ``number``, which occurs ``at`` seconds after the run's start, broken as ``kind`` says."""
        fields = self._fields(number, at)
        if kind.name == "oversize":
            return _join(fields | {"payload": b'{"filler":"%b"}' % (b"x" * self._oversize_bytes)})
        return _BROKEN.get(kind.name, _join)(fields)

    def _fields(self, number: int, at: float) -> Fields:
        occurred_at = self._begin + timedelta(seconds=at)
        return {
            "event_id": b'"evt_%x_%d"' % (self._seed, number),
            "event_type": self._chance.choices(self._types, self._weights)[0],
            "schema_version": b"1",
            "occurred_at": f'"{occurred_at:%Y-%m-%dT%H:%M:%S.%f}Z"'.encode(),
            "payload": self._payload(number),
        }

    def _payload(self, number: int) -> bytes:
        user = self._chance.randrange(10_000)
        payload = b'{"user_id":"u%d","sequence":%d,"note":"' % (user, number)
        filler = self._sizes.min + self._chance.randrange(self._sizes.max - self._sizes.min + 1) - len(payload) - 2
        return payload + b"x" * filler + b'"}'


def _join(fields: Fields) -> bytes:
    return b"{" + b",".join([b'"%b":%b' % (name.encode(), value) for name, value in fields.items()]) + b"}"


def _without(name: str) -> Callable[[Fields], bytes]:
    return lambda fields: _join({member: value for member, value in fields.items() if member != name})


def _with(name: str, value: bytes) -> Callable[[Fields], bytes]:
    return lambda fields: _join(fields | {name: value})


_BROKEN: dict[str, Callable[[Fields], bytes]] = {
    "missing_event_type": _without("event_type"),
    "missing_event_id": _without("event_id"),
    "bad_time": _with("occurred_at", b'"yesterday"'),
    "payload_not_object": _with("payload", b"[1,2,3]"),
    "unknown_version": _with("schema_version", b"999999999"),
    "nul_character": _with("payload", rb'{"note":"before\u0000after"}'),
    "broken_json": lambda fields: _join(fields)[:-1],
    "not_object": lambda fields: b"[" + _join(fields) + b"]",
}
