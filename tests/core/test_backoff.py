"""Delays between attempts: exponential, bounded, with and without jitter."""

from itertools import islice
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from event_platform.core.backoff import NO_JITTER, delay_after, delays


def test_delays_double_up_to_the_longest() -> None:
    """Each lies in the upper half below a ceiling that doubles and then stays."""
    found = list(islice(delays(Random(1), 0.2, 5.0), 12))
    ceilings = [0.2, 0.4, 0.8, 1.6, 3.2, *[5.0] * 7]
    assert all(ceiling / 2 <= delay <= ceiling for delay, ceiling in zip(found, ceilings, strict=True))


def test_workers_do_not_retry_in_step() -> None:
    """With different random numbers delays differ, so clients do not come back to a recovered server all at once."""
    assert list(islice(delays(Random(1)), 5)) != list(islice(delays(Random(2)), 5))


@pytest.mark.parametrize(
    ("first_seconds", "longest_seconds", "expected"),
    [
        (0.1, 15.0, [0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 6.4, 12.8, 15.0, 15.0]),
        (0.2, 10.0, [0.2, 0.4, 0.8, 1.6, 3.2, 6.4, 10.0, 10.0]),
        (0.5, 10.0, [0.5, 1.0, 2.0, 4.0, 8.0, 10.0, 10.0]),
    ],
    ids=["supervised process", "ingest worker", "processor worker"],
)
def test_without_jitter(first_seconds: float, longest_seconds: float, expected: list[float]) -> None:
    """A process that ends again and again is restarted after exactly these delays."""
    found = [
        delay_after(failures, first_seconds=first_seconds, longest_seconds=longest_seconds)
        for failures in range(1, len(expected) + 1)
    ]
    assert found == pytest.approx(expected)


@given(st.integers(1, 10_000), st.floats(0, 1))
def test_jitter_shortens_a_delay_by_half_at_most(failures: int, chance: float) -> None:
    """Also after thousands of failures, for which the power of two would overflow."""
    longest = delay_after(failures, chance=NO_JITTER)
    assert longest / 2 <= delay_after(failures, chance=chance) <= longest <= 5.0
