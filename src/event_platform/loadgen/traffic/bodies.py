"""Generates the bodies of events from the seed and each event's number."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Final

from event_platform.loadgen.traffic.request_kinds import RequestKind
from event_platform.loadgen.traffic.scenario import Scenario

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MAX_MICROSECONDS: Final = 253_370_764_800_000_000
"""Start of the year 9999, the last in which the platform lets an event occur."""

Fields = dict[str, bytes]
"""The members of an event, each value encoded as JSON."""


class BodyBuilder:
    """Builds the idempotency keys and bodies of a run's events.

    ``occurred_at`` starts at the seed, read as microseconds since 1970: the default seed is the present time, and a
    given seed yields the same bodies each time.
    """

    def __init__(self, scenario: Scenario, seed: int, rng: Random) -> None:
        self._seed = seed
        self._rng = rng
        self._begin = _EPOCH + timedelta(microseconds=seed % _MAX_MICROSECONDS)
        self._types = [f'"{name}"'.encode() for name in scenario.event_types]
        self._weights = list(scenario.event_types.values())
        self._sizes = scenario.payload_bytes
        self._oversize_bytes = scenario.oversize_bytes

    def idempotency_key(self, number: int) -> str:
        """Return the idempotency key of event ``number``."""
        return f"lg-{self._seed:x}-{number}"

    def build(self, number: int, start_seconds: float, kind: RequestKind) -> bytes:
        """Return the body of event ``number``, malformed as ``kind`` says.

        Args:
            number: Position of the event in the run, from 0.
            start_seconds: When it occurs, in seconds after the start of the run.
            kind: What it is an example of.
        """
        fields = self._fields(number, start_seconds)
        if kind.name == "oversize":
            return _join(fields | {"payload": b'{"filler":"%b"}' % (b"x" * self._oversize_bytes)})
        return _MALFORMED.get(kind.name, _join)(fields)

    def _fields(self, number: int, start_seconds: float) -> Fields:
        occurred_at = self._begin + timedelta(seconds=start_seconds)
        return {
            "event_id": b'"evt_%x_%d"' % (self._seed, number),
            "event_type": self._rng.choices(self._types, self._weights)[0],
            "schema_version": b"1",
            "occurred_at": f'"{occurred_at:%Y-%m-%dT%H:%M:%S.%f}Z"'.encode(),
            "payload": self._payload(number),
        }

    def _payload(self, number: int) -> bytes:
        user = self._rng.randrange(10_000)
        payload = b'{"user_id":"u%d","sequence":%d,"note":"' % (user, number)
        filler = self._sizes.min + self._rng.randrange(self._sizes.max - self._sizes.min + 1) - len(payload) - 2
        return payload + b"x" * filler + b'"}'


def _join(fields: Fields) -> bytes:
    return b"{" + b",".join([b'"%b":%b' % (name.encode(), value) for name, value in fields.items()]) + b"}"


def _without(name: str) -> Callable[[Fields], bytes]:
    return lambda fields: _join({member: value for member, value in fields.items() if member != name})


def _with(name: str, value: bytes) -> Callable[[Fields], bytes]:
    return lambda fields: _join(fields | {name: value})


_MALFORMED: Final[dict[str, Callable[[Fields], bytes]]] = {
    "missing_event_type": _without("event_type"),
    "missing_event_id": _without("event_id"),
    "bad_time": _with("occurred_at", b'"yesterday"'),
    "payload_not_object": _with("payload", b"[1,2,3]"),
    "unknown_version": _with("schema_version", b"999999999"),
    "nul_character": _with("payload", rb'{"note":"before\u0000after"}'),
    "broken_json": lambda fields: _join(fields)[:-1],
    "not_object": lambda fields: b"[" + _join(fields) + b"]",
}
"""Serializers of the kinds whose bodies are malformed."""
