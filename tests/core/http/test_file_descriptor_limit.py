"""As many open files as connections are allowed, where the system lets us."""

import subprocess
import sys

import pytest

from event_platform.core.http.file_descriptor_limit import soft_limit_for


@pytest.mark.parametrize(
    ("soft", "hard", "needed", "expected"),
    [
        (1024, 20000, 1500, 1500),
        (1024, 1200, 1500, 1200),
        (1024, -1, 1500, 1500),
        (20000, 20000, 1500, 20000),
        (-1, -1, 1500, -1),
    ],
)
def test_the_limit_is_raised_as_far_as_is_needed_and_allowed(soft: int, hard: int, needed: int, expected: int) -> None:
    """And never lowered."""
    assert soft_limit_for(soft, hard, needed) == expected


def test_the_limit_of_this_process_is_raised() -> None:
    """For real, in a process that begins with few."""
    script = (
        "import resource as r; r.setrlimit(r.RLIMIT_NOFILE, (64, 256))\n"
        "from event_platform.core.http.file_descriptor_limit import raise_limit; raise_limit(200)\n"
        "print(r.getrlimit(r.RLIMIT_NOFILE))"
    )
    told = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout
    assert told.strip() == "(200, 256)"
