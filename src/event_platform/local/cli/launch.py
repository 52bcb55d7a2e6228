"""Starting the supervisor, in the foreground or in the background, and stopping it."""

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final, NoReturn

import msgspec
import psutil

from event_platform.core.errors import UnavailableError
from event_platform.local.process import identity, records
from event_platform.local.process.log_file import open_log, tail
from event_platform.local.process.orphans import terminate_orphans
from event_platform.local.process.records import SUPERVISOR
from event_platform.local.state_dir import lock
from event_platform.local.state_dir.directory import StateDirectory
from event_platform.local.supervisor import control_protocol
from event_platform.local.supervisor.control_protocol import ControlRequest
from event_platform.local.supervisor.progress import ProgressReport

_COMMAND: Final = (sys.executable, "-P", "-m", "event_platform.local.supervisor")
_SHUTDOWN_SECONDS: Final = 90.0


def run_in_foreground(state_dir: StateDirectory) -> NoReturn:
    """Replace this process by the supervisor, so that a terminal's signals reach it."""
    os.execve(_COMMAND[0], _COMMAND, _environment(state_dir))


def start_in_background(state_dir: StateDirectory, report_step: Callable[[str], None]) -> None:
    """Start a supervisor that outlives this process; return when everything is ready.

    Raises:
        UnavailableError: The startup failed; says why. Nothing is left running.
    """
    reading, writing = os.pipe()
    supervisor = _spawn(state_dir, writing)
    os.close(writing)
    try:
        _follow(reading, state_dir, report_step)
    except KeyboardInterrupt:
        supervisor.send_signal(signal.SIGTERM)
        supervisor.wait(_SHUTDOWN_SECONDS)
        raise
    except UnavailableError:
        # It reports the failure first, and then stops what it had started.
        supervisor.wait(_SHUTDOWN_SECONDS)
        raise


def _spawn(state_dir: StateDirectory, descriptor: int) -> subprocess.Popen[bytes]:
    with open_log(_log(state_dir)) as log:
        return subprocess.Popen(
            (*_COMMAND, str(descriptor)),
            env=_environment(state_dir),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
            pass_fds=(descriptor,),
        )


def _environment(state_dir: StateDirectory) -> dict[str, str]:
    return {**os.environ, identity.HOME_VARIABLE: str(state_dir.home)}


def _follow(descriptor: int, state_dir: StateDirectory, report_step: Callable[[str], None]) -> None:
    for report in _reports(descriptor):
        if report.kind == "failed":
            raise UnavailableError(report.text)
        report_step(report.text)
        if report.kind == "ready":
            return
    raise UnavailableError(f"the supervisor ended while starting:\n{tail(_log(state_dir))}")


def _log(state_dir: StateDirectory) -> Path:
    return state_dir.logs / f"{SUPERVISOR}.log"


def _reports(descriptor: int) -> Iterator[ProgressReport]:
    with os.fdopen(descriptor, "rb") as lines:
        for line in lines:
            yield msgspec.json.decode(line, type=ProgressReport)


def stop(state_dir: StateDirectory) -> bool:
    """Stop the supervisor and all it runs, or the orphans of one that was killed; return whether anything ran.

    Raises:
        UnavailableError: The platform runs as another user.
    """
    supervisor = _find_supervisor(state_dir)
    if supervisor:
        _terminate(supervisor)
    if lock.is_held(state_dir.lock_file):
        raise UnavailableError(f"the platform in {state_dir.home} is run by another user, who has to stop it")
    return bool(terminate_orphans(state_dir)) or supervisor is not None


def _find_supervisor(state_dir: StateDirectory) -> psutil.Process | None:
    recorded = records.read_own(state_dir).get(SUPERVISOR)
    process = identity.find_process(recorded) if recorded else None
    return process or (_ask_supervisor(state_dir) if lock.is_held(state_dir.lock_file) else None)


def _ask_supervisor(state_dir: StateDirectory) -> psutil.Process | None:
    # On a full disk it could not record its own process.
    with contextlib.suppress(UnavailableError):
        response = control_protocol.send(state_dir.home, ControlRequest("status"))
        if response and response.supervisor:
            return identity.find_process(response.supervisor)
    return None


def _terminate(supervisor: psutil.Process) -> None:
    supervisor.send_signal(signal.SIGTERM)
    # A process stopped by SIGSTOP handles the signal only once it continues.
    supervisor.send_signal(signal.SIGCONT)
    try:
        supervisor.wait(_SHUTDOWN_SECONDS)
    except psutil.TimeoutExpired:
        supervisor.kill()
        supervisor.wait(5)
