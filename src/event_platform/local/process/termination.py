"""Terminating a process by its stop signal, and killing it when it misses its deadline."""

import contextlib
import os
import signal
import subprocess
import threading
import time
from typing import Final

import psutil

from event_platform.local.process.program import Program

_BROKEN_OFF_START_SECONDS: Final = 1.0
_POLL_SECONDS: Final = 0.02


def terminate(process: subprocess.Popen[bytes], program: Program) -> None:
    """Send ``process`` the stop signal of ``program``; kill it and its children when it misses its deadline."""
    children = children_of(process.pid)
    process.send_signal(program.stop_signal)
    # A process stopped by SIGSTOP handles the signal only once it continues.
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
    """Whether ``process`` runs; does not reap a zombie, so that its process id cannot be reused meanwhile."""
    if process.returncode is not None:
        return False
    try:
        return psutil.Process(process.pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def kill_process_group(leader_pid: int) -> None:
    """Kill the workers that outlived their dead group leader; they would keep its port."""
    # A process id that another user's processes have by now is not ours to signal.
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(leader_pid, signal.SIGKILL)


def kill_children_of_start(starting: threading.Thread) -> None:
    """Kill the child processes of a start that is broken off, such as migrations.

    The thread ``starting`` may be about to start a child, or start the next one when one is killed; so this repeats
    until the thread has ended. A download ignores it until the deadline, but has no child process.
    """
    deadline = time.monotonic() + _BROKEN_OFF_START_SECONDS
    while True:
        # Asked before killing, so that the child it started last is killed, too.
        has_ended = not starting.is_alive()
        _kill_own_children()
        if has_ended or time.monotonic() > deadline:
            return
        starting.join(_POLL_SECONDS)


def _kill_own_children() -> None:
    children = children_of(os.getpid())
    for child in children:
        with contextlib.suppress(psutil.NoSuchProcess):
            child.kill()
    psutil.wait_procs(children, 5)


def describe_exit_status(status: int) -> str:
    """An exit status in words; the signal's name where a signal ended the process."""
    if status >= 0:
        return f"exit status {status}"
    try:
        return signal.Signals(-status).name
    except ValueError:
        return f"signal {-status}"


def children_of(pid: int) -> list[psutil.Process]:
    """All descendants of a process; none where it is gone."""
    try:
        return psutil.Process(pid).children(recursive=True)
    except psutil.NoSuchProcess:
        return []
