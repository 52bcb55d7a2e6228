"""Breaking off a start kills every child process of it."""

import subprocess
import sys

from tests.fixtures.waiting import DEADLINE_SECONDS

# A process of its own: of this one the servers are children.
BROKEN_OFF = """
import subprocess, sys, threading
import psutil
from event_platform.local.process import termination
termination._BROKEN_OFF_START_SECONDS = 60

def start():
    for _ in range(3):
        subprocess.run([sys.executable, "-c", "import time; time.sleep(60)"])

starting = threading.Thread(target=start, daemon=True)
starting.start()
termination.kill_children_of_start(starting)
print(starting.is_alive(), psutil.Process().children())
"""


def test_every_child_of_a_start_is_killed() -> None:
    """Also a child that starts while the others are being killed, and those that follow."""
    done = subprocess.run(
        [sys.executable, "-c", BROKEN_OFF], capture_output=True, text=True, check=True, timeout=DEADLINE_SECONDS
    )
    assert done.stdout == "False []\n"
