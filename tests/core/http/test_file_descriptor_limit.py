"""The limit of open files is raised as far as the system allows."""

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
def test_limit_is_raised_as_needed_and_allowed(soft: int, hard: int, needed: int, expected: int) -> None:
    """A limit that is high enough is kept."""
    assert soft_limit_for(soft, hard, needed) == expected


def test_limit_of_a_process_is_raised() -> None:
    """A process that starts with a low limit ends up with the highest allowed."""
    script = (
        "import resource as r; r.setrlimit(r.RLIMIT_NOFILE, (64, 256))\n"
        "from event_platform.core.http.file_descriptor_limit import raise_limit; raise_limit(200)\n"
        "print(r.getrlimit(r.RLIMIT_NOFILE))"
    )
    output = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout
    assert output.strip() == "(200, 256)"
