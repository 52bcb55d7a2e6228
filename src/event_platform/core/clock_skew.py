"""Clock skew between two machines. If their clocks differ, one of them is wrong, and neither machine can tell which."""

from typing import Final

MAX_SKEW_SECONDS: Final = 60.0


def is_within_tolerance(ahead_seconds: float) -> bool:
    """Return whether clocks that differ by so much count as equal; negative is behind."""
    return abs(ahead_seconds) <= MAX_SKEW_SECONDS


def describe_skew(ahead_seconds: float, whose: str) -> str | None:
    """Return a sentence on how far this machine's clock is from ``whose``, or None within the tolerance."""
    if is_within_tolerance(ahead_seconds):
        return None
    side = "ahead of" if ahead_seconds > 0 else "behind"
    return f"this machine's clock is {abs(ahead_seconds):.0f} s {side} {whose}"
