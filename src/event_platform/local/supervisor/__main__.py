"""Entry point of the supervisor process: ``python -m event_platform.local.supervisor [DESCRIPTOR]``."""

import os
import sys

from event_platform.core import telemetry
from event_platform.core.errors import PlatformError
from event_platform.core.settings.loading import load
from event_platform.local.process.records import SUPERVISOR
from event_platform.local.state_dir import directory, lock
from event_platform.local.supervisor.progress import Progress
from event_platform.local.supervisor.supervisor import Supervisor


def main() -> int:
    """Run a supervisor on the settings of the environment; arguments: optionally the descriptor to report to."""
    progress = Progress(int(sys.argv[1]) if len(sys.argv) > 1 else None)
    try:
        settings = load()
        telemetry.configure(settings, SUPERVISOR)
        telemetry.warn(settings.remarks)
        found = directory.find(settings.event_platform_home)
        found.create()
    except PlatformError as error:
        progress.fail(str(error))
        return 1
    held = lock.acquire(found.lock)
    if held is None:
        progress.fail(f"another supervisor runs in {found.home}")
        return 1
    with held:
        return Supervisor(settings, found, progress).run()


if __name__ == "__main__":
    status = main()
    sys.stdout.flush()
    sys.stderr.flush()
    # A download in the background would hold up the end; nothing of it is needed any more.
    os._exit(status)
