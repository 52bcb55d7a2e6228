"""The rules for an event, and every one of them that it breaks."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from typing import Final

import msgspec

from event_platform.core.rules import timestamps, unstorable
from event_platform.core.rules.decode import MAX_EVENT_ID_BYTES, DecodedRecord, join_members
from event_platform.core.rules.outcome import ReasonCode, Violation, quote

MAX_EVENT_TYPE_CHARACTERS: Final = 200

REQUIRED_MEMBERS: Final = ("event_id", "event_type", "schema_version", "occurred_at", "payload")
"""The members that every event must have."""

_INTEGER: Final = re.compile(rb"-?(?:0|[1-9][0-9]*)")
_MAX_AHEAD_US: Final = timestamps.MICROSECONDS_PER_DAY
_END_OF_PARTITIONS_US: Final = timestamps.from_datetime(datetime(9999, 12, 31, tzinfo=UTC))
"""Postgres cannot make a partition for the last day, because no next day bounds it."""

_decode_string: Final = msgspec.json.Decoder(str).decode


# Without slots, because cached_property needs a dictionary.
@dataclass(frozen=True)
class ValidationRules:
    """The rules that depend on settings."""

    schema_versions: frozenset[int]
    retention_days: int

    @cached_property
    def version_literals(self) -> frozenset[bytes]:
        """The allowed versions as JSON literals in their usual form."""
        return frozenset(str(version).encode() for version in self.schema_versions)

    def has_daily_partition(self, received_at_us: int, now_us: int | None) -> bool:
        """Whether the day of reception has a partition: it is within the retention and at most a day ahead.

        Without a reliable clock (``now_us`` is None), any day that can have a partition will do.
        """
        if now_us is None:
            return 0 <= received_at_us < _END_OF_PARTITIONS_US
        return -_MAX_AHEAD_US <= now_us - received_at_us <= self._retention_us

    @cached_property
    def _retention_us(self) -> int:
        return self.retention_days * timestamps.MICROSECONDS_PER_DAY


class ValidEvent(msgspec.Struct, gc=False):
    """The typed members of an event that breaks no rule."""

    event_id: str
    event_type: str
    schema_version: int
    occurred_at_us: int


def validate(
    decoded: DecodedRecord, value: bytes, rules: ValidationRules, now_us: int | None
) -> ValidEvent | list[Violation]:
    """Check an event against ``rules``.

    Args:
        decoded: The record, decoded.
        value: The bytes that it was decoded from.
        rules: The rules that depend on settings.
        now_us: The present, in microseconds since 2000; None without a reliable clock.

    Returns:
        Its typed members, or every violation.
    """
    members = _MemberChecks(decoded.wrapper.event)
    valid = ValidEvent(members.event_id(), members.event_type(), members.schema_version(rules), members.occurred_at())
    members.payload()
    violations = (
        decoded.violations
        + members.violations
        + _check_storable(value, decoded)
        + _check_received_at(decoded, rules, now_us)
    )
    return violations or valid


def _check_storable(value: bytes, decoded: DecodedRecord) -> list[Violation]:
    if not unstorable.may_be_unstorable(value):
        return []
    event = join_members(decoded.wrapper.event.items())
    return [Violation(ReasonCode.UNSTORABLE, text) for text in unstorable.find_unstorable(event)]


def _check_received_at(decoded: DecodedRecord, rules: ValidationRules, now_us: int | None) -> list[Violation]:
    if rules.has_daily_partition(decoded.received_at_us, now_us):
        return []
    if now_us is None:
        shown = quote(decoded.wrapper.received_at.encode())
        return [Violation(ReasonCode.UNSTORABLE, f"received_at {shown} is of no day that can be stored")]
    limit = f"{rules.retention_days} days ago" if decoded.received_at_us < now_us else "a day ahead"
    shown = quote(decoded.wrapper.received_at.encode())
    return [Violation(ReasonCode.UNSTORABLE, f"received_at {shown} is more than {limit}")]


class _MemberChecks:
    """Reads the required members and collects violations; once there is one, the values read are not to be used."""

    def __init__(self, event: dict[str, msgspec.Raw]) -> None:
        self._event = event
        self.violations: list[Violation] = []

    def event_id(self) -> str:
        text = self._string("event_id")
        if len(text) * 4 > MAX_EVENT_ID_BYTES and len(text.encode()) > MAX_EVENT_ID_BYTES:
            self._add(f"event_id is longer than {MAX_EVENT_ID_BYTES} bytes: {self._quoted('event_id')}")
        return text

    def event_type(self) -> str:
        text = self._string("event_type")
        if len(text) > MAX_EVENT_TYPE_CHARACTERS:
            self._add(f"event_type is longer than {MAX_EVENT_TYPE_CHARACTERS} characters: {self._quoted('event_type')}")
        return text

    def schema_version(self, rules: ValidationRules) -> int:
        raw = self._event.get("schema_version")
        if raw is None:
            self._add("missing schema_version")
            return 0
        literal = bytes(raw)
        if _INTEGER.fullmatch(literal) is None:
            self._add(f"schema_version is not an integer: {quote(literal)}")
            return 0
        version = int(literal) if len(literal) < 10 else -1  # noqa: PLR2004 - allowed ones have at most 9 digits
        if version not in rules.schema_versions:
            allowed = ", ".join(map(str, sorted(rules.schema_versions)))
            text = f"schema_version {quote(literal)} is not supported (allowed: {allowed})"
            self.violations.append(Violation(ReasonCode.UNSUPPORTED_SCHEMA_VERSION, text))
        return version

    def occurred_at(self) -> int:
        text = self._string("occurred_at")
        if not text:
            return 0
        try:
            return timestamps.parse(text)
        except ValueError:
            self._add(f"occurred_at is not RFC 3339: {self._quoted('occurred_at')}")
            return 0

    def payload(self) -> None:
        raw = self._event.get("payload")
        if raw is None:
            self._add("missing payload")
        elif bytes(raw)[:1] != b"{":
            self._add(f"payload is not an object: {self._quoted('payload')}")

    def _string(self, name: str) -> str:
        raw = self._event.get(name)
        if raw is None:
            self._add(f"missing {name}")
            return ""
        try:
            text = _decode_string(raw)
        except msgspec.DecodeError:
            self._add(f"{name} is not a string: {self._quoted(name)}")
            return ""
        if not text:
            self._add(f"{name} is empty")
        return text

    def _quoted(self, name: str) -> str:
        return quote(bytes(self._event[name]))

    def _add(self, text: str) -> None:
        self.violations.append(Violation(ReasonCode.VALIDATION_FAILED, text))
