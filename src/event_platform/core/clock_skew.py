"""Whether the clocks of two machines agree. Where they do not, one of them is wrong, and neither can tell which."""

from typing import Final

MAX_DIFFERENCE_SECONDS: Final = 60.0


def agree(ahead_seconds: float) -> bool:
    """Whether a clock that is so far ahead of another one (behind: negative) can be taken for the same."""
    return abs(ahead_seconds) <= MAX_DIFFERENCE_SECONDS


def difference(ahead_seconds: float, whose: str) -> str | None:
    """What is to be said of this machine's clock beside ``whose``; None where they agree."""
    if agree(ahead_seconds):
        return None
    side = "ahead of" if ahead_seconds > 0 else "behind"
    return f"this machine's clock is {abs(ahead_seconds):.0f} s {side} {whose}"
