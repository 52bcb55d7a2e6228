"""Clock skew: the tolerance, and the sentence about a larger one."""

import pytest

from event_platform.core import clock_skew


@pytest.mark.parametrize(
    ("ahead_seconds", "expected"),
    [
        (0.0, None),
        (60.0, None),
        (-60.0, None),
        (60.6, "this machine's clock is 61 s ahead of Postgres'"),
        (-3_600.0, "this machine's clock is 3600 s behind Postgres'"),
    ],
)
def test_a_minute_is_the_limit(ahead_seconds: float, expected: str | None) -> None:
    """The sentence says by how much this machine's clock is ahead or behind."""
    assert clock_skew.describe_skew(ahead_seconds, "Postgres'") == expected
    assert clock_skew.is_within_tolerance(ahead_seconds) == (expected is None)
