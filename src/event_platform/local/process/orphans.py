"""Ending what a supervisor that was killed has left running."""

import contextlib
import signal

import psutil

from event_platform.local.process import identity, records
from event_platform.local.state_dir.directory import Place

_STOP_SIGNALS = {"postgres": signal.SIGINT}
_PATIENCE_SECONDS = 15.0


def end(place: Place) -> list[str]:
    """End the recorded processes that are still ours, and forget the records.

    Returns:
        Their names.
    """
    recorded = records.of(place)
    found = {name: identity.find(one) for name, one in recorded.items()}
    running = {name: process for name, process in found.items() if process}
    everything = [each for process in running.values() for each in (process, *_children(process))]
    for name, process in running.items():
        with contextlib.suppress(psutil.NoSuchProcess):
            process.send_signal(_STOP_SIGNALS.get(name, signal.SIGTERM))
            process.send_signal(signal.SIGCONT)
    _, stubborn = psutil.wait_procs(everything, _PATIENCE_SECONDS)
    for process in stubborn:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.kill()
    psutil.wait_procs(stubborn, _PATIENCE_SECONDS)
    # A file that holds no records is none of ours.
    if recorded:
        with contextlib.suppress(OSError):
            place.records.unlink()
    return list(running)


def _children(process: psutil.Process) -> list[psutil.Process]:
    try:
        return process.children(recursive=True)
    except psutil.NoSuchProcess:
        return []
