"""Identities of requests: UUIDv7 (RFC 9562, section 5.7) and the moment that goes with each."""

import os
import time
from collections.abc import Callable

import msgspec

_RANDOM_BYTES = 10
_BLOCK = 256
_VERSION_7 = 0x7 << 12
_VARIANT = 0b10 << 62


class Ticket(msgspec.Struct, frozen=True):
    """What a request gets on arrival.

    Attributes:
        id: The UUID, 36 characters; the row's id if the event is new.
        received_at: RFC 3339 in UTC to the microsecond, 27 characters.
    """

    id: str
    received_at: str


class Tickets:
    """Draws tickets; randomness comes in blocks, and the second's text is made once a second.

    Args:
        now: Seconds since 1970.
        random: As many random bytes as it is asked for.
    """

    def __init__(self, now: Callable[[], float] = time.time, random: Callable[[int], bytes] = os.urandom) -> None:
        self._now = now
        self._random = random
        self._block = b""
        self._used = 0
        self._second = -1
        self._second_text = ""

    def draw(self) -> Ticket:
        """A new ticket of this moment."""
        microseconds = int(self._now() * 1_000_000)
        return Ticket(_uuid7(microseconds // 1_000, self._random_bits()), self._timestamp(microseconds))

    def _random_bits(self) -> int:
        start = self._used
        if start == len(self._block):
            self._block = self._random(_RANDOM_BYTES * _BLOCK)
            start = 0
        self._used = start + _RANDOM_BYTES
        return int.from_bytes(self._block[start : self._used], "big")

    def _timestamp(self, microseconds: int) -> str:
        second, rest = divmod(microseconds, 1_000_000)
        if second != self._second:
            self._second = second
            self._second_text = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(second))
        return f"{self._second_text}.{rest:06d}Z"


def _uuid7(milliseconds: int, random_bits: int) -> str:
    """48 bits of time, version, 12 bits, variant, 62 bits; the 80 random bits fill what is left, 6 unused."""
    high = (milliseconds << 16) | _VERSION_7 | (random_bits >> 68)
    low = _VARIANT | (random_bits & 0x3FFF_FFFF_FFFF_FFFF)
    digits = f"{high:016x}{low:016x}"
    return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"
