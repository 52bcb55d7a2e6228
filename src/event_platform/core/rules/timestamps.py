"""RFC 3339 times ↔ microseconds since 2000-01-01 UTC, the form in which Postgres stores a timestamp."""

import re
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Final

# Section 5.6 without the leap second (:60), which Postgres cannot store. T and Z may be lower case, a blank instead of
# T is not allowed, and an offset goes up to 23:59. Hours are bounded here because Python 3.14 and later accept 24:00.
_RFC_3339: Final = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt]"
    r"(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](?:\.[0-9]+)?"
    r"(?:[Zz]|[+-](?:[01][0-9]|2[0-3]):[0-5][0-9])"
)

_SECOND: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]")
_SECOND_CHARACTERS: Final = 19
_MICROSECOND_DIGITS: Final = 6

_POSTGRES_EPOCH: Final = datetime(2000, 1, 1, tzinfo=UTC)

MICROSECONDS_PER_SECOND: Final = 1_000_000
MICROSECONDS_PER_DAY: Final = 86_400 * MICROSECONDS_PER_SECOND


def parse(text: str) -> int:
    """Parse an RFC 3339 time into microseconds since 2000-01-01 UTC; digits beyond the microsecond are cut off.

    Raises:
        ValueError: The text is no such time, or its year in UTC is not within 1 to 9999.
    """
    # Nearly all times look like 2026-01-31T12:00:00.123456Z, with or without the fraction.
    second, rest = _parse_second(text[:_SECOND_CHARACTERS]), text[_SECOND_CHARACTERS:]
    if second is not None and rest == "Z":
        return second
    digits = rest[1:-1]
    if second is not None and rest[:1] == "." and rest[-1] == "Z" and digits.isdecimal() and digits.isascii():
        return second + int(digits if len(digits) == _MICROSECOND_DIGITS else f"{digits:0<6.6}")
    return _parse_any(text)


@lru_cache(maxsize=4_096)
def _parse_second(text: str) -> int | None:
    """Parse a whole second in UTC; None if it is no such time. Cached, because many events share a second."""
    if _SECOND.fullmatch(text) is None:
        return None
    return from_datetime(datetime.fromisoformat(text).replace(tzinfo=UTC))


def _parse_any(text: str) -> int:
    if _RFC_3339.fullmatch(text) is None:
        raise ValueError("not RFC 3339")
    microseconds = from_datetime(datetime.fromisoformat(text.upper()))
    if not _EARLIEST <= microseconds <= _LATEST:
        raise ValueError("its year in UTC is not within 1 to 9999")
    return microseconds


def from_datetime(moment: datetime) -> int:
    """Microseconds since 2000-01-01 UTC of ``moment``, an aware datetime."""
    since = moment - _POSTGRES_EPOCH
    return (since.days * 86_400 + since.seconds) * MICROSECONDS_PER_SECOND + since.microseconds


_EARLIEST: Final = from_datetime(datetime.min.replace(tzinfo=UTC))
_LATEST: Final = from_datetime(datetime.max.replace(tzinfo=UTC))


def to_datetime(microseconds: int) -> datetime:
    """The UTC datetime of ``microseconds`` since 2000-01-01 UTC."""
    return _POSTGRES_EPOCH + timedelta(microseconds=microseconds)


def floor(microseconds: int, step_seconds: int) -> int:
    """Round a time down to a multiple of ``step_seconds`` since 2000-01-01 UTC."""
    step = step_seconds * MICROSECONDS_PER_SECOND
    return microseconds // step * step


def utc_days(times_us: Iterable[int]) -> set[date]:
    """The UTC days that ``times_us``, in microseconds since 2000-01-01 UTC, fall on."""
    days = {time_us // MICROSECONDS_PER_DAY for time_us in times_us}
    return {to_datetime(day * MICROSECONDS_PER_DAY).date() for day in days}
