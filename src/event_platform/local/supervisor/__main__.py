"""Entry point of the supervisor process: ``python -m event_platform.local.supervisor [DESCRIPTOR]``.

It is a program of its own so that its environment holds the state directory, by which a later `down` recognises it.
"""

import os
import sys

from event_platform.core import telemetry
from event_platform.core.errors import PlatformError
from event_platform.core.settings.loading import load
from event_platform.local.process.records import SUPERVISOR
from event_platform.local.state_dir import directory, lock
from event_platform.local.supervisor.progress import ProgressReporter
from event_platform.local.supervisor.supervisor import Supervisor


def main() -> int:
    """Run a supervisor with the settings of the environment; report to the descriptor that the first argument names."""
    progress = ProgressReporter(int(sys.argv[1]) if len(sys.argv) > 1 else None)
    try:
        settings = load()
        telemetry.configure(settings, SUPERVISOR)
        telemetry.log_setting_warnings(settings.warnings)
        state_dir = directory.locate(settings.event_platform_home)
        state_dir.create()
        held = lock.acquire(state_dir.lock_file)
    except PlatformError as error:
        progress.report_failure(str(error))
        return 1
    if held is None:
        progress.report_failure(f"another supervisor runs in {state_dir.home}")
        return 1
    with held:
        return Supervisor(settings, state_dir, progress).run()


if __name__ == "__main__":
    status = main()
    sys.stdout.flush()
    sys.stderr.flush()
    # A download in a background thread would delay a normal exit, and its result is not needed any more.
    os._exit(status)
