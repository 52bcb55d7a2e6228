"""Waits between attempts."""

from itertools import islice
from random import Random

from event_platform.core.backoff import delays


def test_waits_double_up_to_the_longest() -> None:
    """Each lies in the upper half below a ceiling that doubles and then stays."""
    found = list(islice(delays(Random(1), 0.2, 5.0), 12))
    ceilings = [0.2, 0.4, 0.8, 1.6, 3.2, *[5.0] * 7]
    assert all(ceiling / 2 <= delay <= ceiling for delay, ceiling in zip(found, ceilings, strict=True))


def test_workers_do_not_wait_in_step() -> None:
    """Different chance, different waits: a server that comes back is not met by all at once."""
    assert list(islice(delays(Random(1)), 5)) != list(islice(delays(Random(2)), 5))
