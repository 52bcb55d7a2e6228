"""Ending a process in order, and by force where it does not."""

import contextlib
import os
import signal
import subprocess
import threading
import time

import psutil

from event_platform.local.process.program import Program

_NOTICE_SECONDS = 1.0
_PAUSE_SECONDS = 0.02


def end(process: subprocess.Popen[bytes], program: Program) -> None:
    """Tell ``process`` to stop as ``program`` wants to be told; kill it and its children when it does not in time."""
    children = _children(process.pid)
    process.send_signal(program.stop_signal)
    # A paused process would not hear of it.
    process.send_signal(signal.SIGCONT)
    try:
        process.wait(program.stop_seconds)
    except subprocess.TimeoutExpired:
        for each in children:
            with contextlib.suppress(psutil.NoSuchProcess):
                each.kill()
        process.kill()
        process.wait()


def is_running(process: subprocess.Popen[bytes]) -> bool:
    """Whether ``process`` runs now; one that ended is not waited for, so that its id is still its own."""
    if process.returncode is not None:
        return False
    try:
        return psutil.Process(process.pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def kill_orphans(pid: int) -> None:
    """Kill what a dead process, which led a group of its own, has left: workers would keep its port."""
    # Where what is left has another user already, it is none of ours.
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)


def kill_children(starting: threading.Thread) -> None:
    """Kill what this process itself has started and not ended: steps of a start that was broken off.

    ``starting`` may be about to begin a step, or begin the next where one was killed; so again, until it has noticed.
    Only a download does not notice in time, and that has no process.
    """
    deadline = time.monotonic() + _NOTICE_SECONDS
    while True:
        # Asked before killing, so that what it began last is killed too.
        has_noticed = not starting.is_alive()
        _kill_children()
        if has_noticed or time.monotonic() > deadline:
            return
        starting.join(_PAUSE_SECONDS)


def _kill_children() -> None:
    left = _children(os.getpid())
    for child in left:
        with contextlib.suppress(psutil.NoSuchProcess):
            child.kill()
    psutil.wait_procs(left, 5)


def describe(status: int) -> str:
    """A process' exit status in words."""
    if status >= 0:
        return f"exit status {status}"
    try:
        return signal.Signals(-status).name
    except ValueError:
        return f"signal {-status}"


def _children(pid: int) -> list[psutil.Process]:
    try:
        return psutil.Process(pid).children(recursive=True)
    except psutil.NoSuchProcess:
        return []
