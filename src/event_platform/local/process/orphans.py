"""Terminating the processes that a killed supervisor left running."""

import contextlib
import signal
from typing import Final

import psutil

from event_platform.local.process import identity, records
from event_platform.local.process.termination import children_of
from event_platform.local.state_dir.directory import StateDirectory

_STOP_SIGNALS: Final = {"postgres": signal.SIGINT}
_DEADLINE_SECONDS: Final = 15.0


def terminate_orphans(state_dir: StateDirectory) -> list[str]:
    """Terminate the recorded processes that are still ours, remove the records, and return the processes' names."""
    recorded = records.read_own(state_dir)
    found = {name: identity.find_process(one) for name, one in recorded.items()}
    orphans = {name: process for name, process in found.items() if process}
    _terminate(orphans)
    # A file without records of ours is not ours to remove.
    if recorded:
        with contextlib.suppress(OSError):
            state_dir.records_file.unlink()
    return list(orphans)


def _terminate(orphans: dict[str, psutil.Process]) -> None:
    everything = [each for process in orphans.values() for each in (process, *children_of(process.pid))]
    for name, process in orphans.items():
        with contextlib.suppress(psutil.NoSuchProcess):
            process.send_signal(_STOP_SIGNALS.get(name, signal.SIGTERM))
            # A process stopped by SIGSTOP handles the signal only once it continues.
            process.send_signal(signal.SIGCONT)
    _, alive = psutil.wait_procs(everything, _DEADLINE_SECONDS)
    for process in alive:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.kill()
    psutil.wait_procs(alive, _DEADLINE_SECONDS)
