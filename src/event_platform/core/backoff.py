"""How long to wait between attempts."""

from collections.abc import Iterator
from random import Random
from typing import Final

FIRST_SECONDS: Final = 0.2
LONGEST_SECONDS: Final = 5.0


def delays(
    chance: Random, first_seconds: float = FIRST_SECONDS, longest_seconds: float = LONGEST_SECONDS
) -> Iterator[float]:
    """Seconds to wait, without end: doubling up to the longest, each somewhere in its upper half."""
    ceiling = first_seconds
    while True:
        yield chance.uniform(ceiling / 2, ceiling)
        ceiling = min(longest_seconds, ceiling * 2)
