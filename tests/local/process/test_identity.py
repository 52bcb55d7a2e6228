"""A recorded process is found only while it still runs."""

import os
import subprocess
import sys
from pathlib import Path

import psutil
from tests.fixtures.waiting import eventually

from event_platform.local.process import identity
from event_platform.local.process.identity import HOME_VARIABLE


def test_a_dead_process_is_not_found(tmp_path: Path) -> None:
    """A zombie, whose parent has not waited for it yet, counts as dead."""
    command = [sys.executable, "-c", "import time; time.sleep(600)"]
    with subprocess.Popen(command, env={**os.environ, HOME_VARIABLE: str(tmp_path)}) as process:
        # Linux shows a program's environment only some time after it was started.
        eventually(lambda: HOME_VARIABLE in psutil.Process(process.pid).environ(), "the process' environment")
        recorded = identity.identify(process.pid, tmp_path)
        assert identity.find_process(recorded)
        process.kill()
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
        assert identity.find_process(recorded) is None
