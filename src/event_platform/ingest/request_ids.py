"""Identities of requests: UUIDv7 (RFC 9562, section 5.7) and the moment that goes with each."""

import os
import time
from collections.abc import Callable

import msgspec

_DIGITS = 20
"""Random hexadecimal digits that each id takes; 19 of them show."""

_BLOCK = 256
_VARIANTS = {digit: "89ab"[int(digit, 16) & 0b11] for digit in "0123456789abcdef"}
"""The digit that begins the fourth group has two random bits after the variant's two."""


class Ticket(msgspec.Struct, frozen=True, gc=False):
    """What a request gets on arrival.

    Attributes:
        id: The UUID, 36 characters; the row's id if the event is new.
        received_at: RFC 3339 in UTC to the microsecond, 27 characters.
    """

    id: str
    received_at: str


class Tickets:
    """Draws tickets; randomness comes in blocks, and the texts of a second and a millisecond are made once.

    Args:
        now: Seconds since 1970.
        random: As many random bytes as it is asked for.
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

    def draw(self) -> Ticket:
        """A new ticket of this moment."""
        microseconds = int(self._now() * 1_000_000)
        return Ticket(self._beginning(microseconds // 1_000) + self._random_end(), self._timestamp(microseconds))

    def draw_many(self, count: int) -> list[Ticket]:
        """So many tickets of this moment, each with an id of its own."""
        microseconds = int(self._now() * 1_000_000)
        beginning, received_at = self._beginning(microseconds // 1_000), self._timestamp(microseconds)
        return [Ticket(beginning + self._random_end(), received_at) for _ in range(count)]

    def _beginning(self, millisecond: int) -> str:
        """48 bits of time and the version."""
        if millisecond != self._millisecond:
            self._millisecond = millisecond
            digits = f"{millisecond:012x}"
            self._millisecond_text = f"{digits[:8]}-{digits[8:]}-7"
        return self._millisecond_text

    def _random_end(self) -> str:
        """12 random bits, the variant, and 62 random bits."""
        start = self._used
        if start == len(self._digits):
            self._digits = self._random(_DIGITS * _BLOCK // 2).hex()
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
