"""Request ids: UUIDv7 (RFC 9562, section 5.7), each with its time of arrival."""

import os
import time
from collections.abc import Callable
from typing import Final

import msgspec

_DIGITS: Final = 20
"""Random hexadecimal digits that each id takes; 19 of them show."""

_IDS_PER_BLOCK: Final = 256
_VARIANTS: Final = {digit: "89ab"[int(digit, 16) & 0b11] for digit in "0123456789abcdef"}
"""The digit that begins the fourth group has two random bits after the two of the variant."""


class RequestIdentity(msgspec.Struct, frozen=True, gc=False):
    """Id and arrival time of a request.

    Attributes:
        id: The UUID, 36 characters; the row's id if the event is new.
        received_at: RFC 3339 in UTC to the microsecond, 27 characters.
    """

    id: str
    received_at: str


class RequestIdGenerator:
    """Generates ids; draws random bytes in blocks, and formats each second and millisecond once.

    Args:
        now: Seconds since 1970.
        random: Returns as many random bytes as asked for.
    """

    def __init__(self, now: Callable[[], float] = time.time, random: Callable[[int], bytes] = os.urandom) -> None:
        self._now = now
        self._random = random
        self._digits = ""
        self._used = 0
        self._millisecond = -1
        self._millisecond_text = ""
        self._second = -1
        self._second_text = ""

    def generate(self) -> RequestIdentity:
        """Return a new id with the current time."""
        microseconds = int(self._now() * 1_000_000)
        return RequestIdentity(
            self._prefix(microseconds // 1_000) + self._random_suffix(), self._timestamp(microseconds)
        )

    def generate_many(self, count: int) -> list[RequestIdentity]:
        """Return ``count`` new ids that share the current time."""
        microseconds = int(self._now() * 1_000_000)
        prefix, received_at = self._prefix(microseconds // 1_000), self._timestamp(microseconds)
        return [RequestIdentity(prefix + self._random_suffix(), received_at) for _ in range(count)]

    def _prefix(self, millisecond: int) -> str:
        """Return 48 bits of time and the version."""
        if millisecond != self._millisecond:
            self._millisecond = millisecond
            digits = f"{millisecond:012x}"
            self._millisecond_text = f"{digits[:8]}-{digits[8:]}-7"
        return self._millisecond_text

    def _random_suffix(self) -> str:
        """Return 12 random bits, the variant, and 62 random bits."""
        start = self._used
        if start == len(self._digits):
            self._digits = self._random(_DIGITS * _IDS_PER_BLOCK // 2).hex()
            start = 0
        self._used = start + _DIGITS
        digits = self._digits[start : self._used]
        return f"{digits[:3]}-{_VARIANTS[digits[3]]}{digits[4:7]}-{digits[7:19]}"

    def _timestamp(self, microseconds: int) -> str:
        second, rest = divmod(microseconds, 1_000_000)
        if second != self._second:
            self._second = second
            self._second_text = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(second))
        return f"{self._second_text}.{rest:06d}Z"
