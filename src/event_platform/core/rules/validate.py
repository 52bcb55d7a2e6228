"""The rules that an event must keep, and every one of them that it breaks."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from typing import Final

import msgspec

from event_platform.core.rules import timestamps, unstorable
from event_platform.core.rules.decode import MAX_EVENT_ID_BYTES, Decoded, join_members
from event_platform.core.rules.outcome import Code, Problem, quote

MAX_EVENT_TYPE_CHARACTERS: Final = 200

CONTRACT: Final = ("event_id", "event_type", "schema_version", "occurred_at", "payload")
"""The members that every event has."""

_INTEGER: Final = re.compile(rb"-?(?:0|[1-9][0-9]*)")
_FUTURE_US: Final = timestamps.MICROSECONDS_PER_DAY
_NO_DAY_US: Final = timestamps.from_datetime(datetime(9999, 12, 31, tzinfo=UTC))
"""The last day has no next one to end at."""

_decode_string = msgspec.json.Decoder(str).decode


@dataclass(frozen=True)
class Rules:
    """What an event is held to."""

    schema_versions: frozenset[int]
    retention_days: int

    @cached_property
    def version_literals(self) -> frozenset[bytes]:
        """The allowed versions as they are usually written."""
        return frozenset(str(version).encode() for version in self.schema_versions)

    def is_in_time(self, received_at_us: int, now_us: int | None) -> bool:
        """Whether the day of reception has a partition: not dropped yet, and not far ahead.

        Where nobody knows what time it is, that is any day that can have one.
        """
        if now_us is None:
            return 0 <= received_at_us < _NO_DAY_US
        return -_FUTURE_US <= now_us - received_at_us <= self._retention_us

    @cached_property
    def _retention_us(self) -> int:
        return self.retention_days * timestamps.MICROSECONDS_PER_DAY


class Valid(msgspec.Struct, gc=False):
    """The members of an event that keeps every rule."""

    event_id: str
    event_type: str
    schema_version: int
    occurred_at_us: int


def validate(decoded: Decoded, value: bytes, rules: Rules, now_us: int | None) -> Valid | list[Problem]:
    """Check an event against ``rules``.

    Args:
        decoded: The message.
        value: The same as bytes.
        rules: What it is held to.
        now_us: The present, in microseconds since 2000; None where it is not known for certain.

    Returns:
        Its typed members, or everything that is wrong with it.
    """
    check = _Check(decoded.wrapper.event)
    valid = Valid(check.event_id(), check.event_type(), check.schema_version(rules), check.occurred_at())
    check.payload()
    problems = decoded.problems + check.problems + _unstorable(value, decoded) + _out_of_time(decoded, rules, now_us)
    return problems or valid


def _unstorable(value: bytes, decoded: Decoded) -> list[Problem]:
    if not unstorable.is_suspect(value):
        return []
    event = join_members(decoded.wrapper.event.items())
    return [Problem(Code.UNSTORABLE, text) for text in unstorable.problems_of(event)]


def _out_of_time(decoded: Decoded, rules: Rules, now_us: int | None) -> list[Problem]:
    """Its day has no partition any more, or not yet."""
    if rules.is_in_time(decoded.received_at_us, now_us):
        return []
    if now_us is None:
        shown = quote(decoded.wrapper.received_at.encode())
        return [Problem(Code.UNSTORABLE, f"received_at {shown} is of no day that can be stored")]
    limit = f"{rules.retention_days} days ago" if decoded.received_at_us < now_us else "a day ahead"
    shown = quote(decoded.wrapper.received_at.encode())
    return [Problem(Code.UNSTORABLE, f"received_at {shown} is more than {limit}")]


class _Check:
    """Reads one member after the other, and notes what is wrong; what it returns then means nothing."""

    def __init__(self, event: dict[str, msgspec.Raw]) -> None:
        self._event = event
        self.problems: list[Problem] = []

    def event_id(self) -> str:
        text = self._string("event_id")
        if len(text) * 4 > MAX_EVENT_ID_BYTES and len(text.encode()) > MAX_EVENT_ID_BYTES:
            self._note(f"event_id is longer than {MAX_EVENT_ID_BYTES} bytes: {self._quoted('event_id')}")
        return text

    def event_type(self) -> str:
        text = self._string("event_type")
        if len(text) > MAX_EVENT_TYPE_CHARACTERS:
            self._note(
                f"event_type is longer than {MAX_EVENT_TYPE_CHARACTERS} characters: {self._quoted('event_type')}"
            )
        return text

    def schema_version(self, rules: Rules) -> int:
        raw = self._event.get("schema_version")
        if raw is None:
            self._note("missing schema_version")
            return 0
        literal = bytes(raw)
        if _INTEGER.fullmatch(literal) is None:
            self._note(f"schema_version is not an integer: {quote(literal)}")
            return 0
        version = int(literal) if len(literal) < 10 else -1  # noqa: PLR2004 - allowed ones have at most 9 digits
        if version not in rules.schema_versions:
            allowed = ", ".join(map(str, sorted(rules.schema_versions)))
            text = f"schema_version {quote(literal)} is not supported (allowed: {allowed})"
            self.problems.append(Problem(Code.UNSUPPORTED_SCHEMA_VERSION, text))
        return version

    def occurred_at(self) -> int:
        text = self._string("occurred_at")
        if not text:
            return 0
        try:
            return timestamps.parse(text)
        except ValueError:
            self._note(f"occurred_at is not RFC 3339: {self._quoted('occurred_at')}")
            return 0

    def payload(self) -> None:
        raw = self._event.get("payload")
        if raw is None:
            self._note("missing payload")
        elif bytes(raw)[:1] != b"{":
            self._note(f"payload is not an object: {self._quoted('payload')}")

    def _string(self, name: str) -> str:
        raw = self._event.get(name)
        if raw is None:
            self._note(f"missing {name}")
            return ""
        try:
            text = _decode_string(raw)
        except msgspec.DecodeError:
            self._note(f"{name} is not a string: {self._quoted(name)}")
            return ""
        if not text:
            self._note(f"{name} is empty")
        return text

    def _quoted(self, name: str) -> str:
        return quote(bytes(self._event[name]))

    def _note(self, text: str) -> None:
        self.problems.append(Problem(Code.VALIDATION_FAILED, text))
