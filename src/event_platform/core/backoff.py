"""Exponential backoff: how long to wait after a number of failures in a row."""

from collections.abc import Iterator
from itertools import count
from random import Random
from typing import Final

FIRST_SECONDS: Final = 0.2
LONGEST_SECONDS: Final = 5.0

NO_JITTER: Final = 1.0
"""The ``chance`` with which every delay has its full length."""

# Larger than any longest delay needs; without a limit the power overflows after 1,024 failures.
_MAX_DOUBLINGS: Final = 64


def delay_after(
    failures: int,
    *,
    first_seconds: float = FIRST_SECONDS,
    longest_seconds: float = LONGEST_SECONDS,
    chance: float = NO_JITTER,
) -> float:
    """Return the seconds to wait before the next attempt.

    The delay doubles with every failure up to the longest one. Jitter shortens it by up to a half, so that clients of a
    server that has recovered do not all come back at the same moment.

    Args:
        failures: Failed attempts in a row, at least 1.
        first_seconds: The delay after the first failure, without jitter.
        longest_seconds: The upper bound of all delays.
        chance: A random number from 0 to 1 that picks a delay from the upper half; `NO_JITTER` picks its end.
    """
    ceiling_seconds = min(longest_seconds, first_seconds * 2.0 ** min(failures - 1, _MAX_DOUBLINGS))
    return ceiling_seconds * (0.5 + chance / 2)


def delays(
    chance: Random, first_seconds: float = FIRST_SECONDS, longest_seconds: float = LONGEST_SECONDS
) -> Iterator[float]:
    """Yield the delays with jitter after the first, second, … failure, without end."""
    for failures in count(1):
        yield delay_after(
            failures, first_seconds=first_seconds, longest_seconds=longest_seconds, chance=chance.random()
        )
