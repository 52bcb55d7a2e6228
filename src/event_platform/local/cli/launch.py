"""Starting the supervisor, in the foreground or in the background, and ending it."""

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from typing import NoReturn

import msgspec
import psutil

from event_platform.core.errors import UnavailableError
from event_platform.local.process import identity, orphans, records
from event_platform.local.process.log_file import open_log, tail
from event_platform.local.process.records import SUPERVISOR
from event_platform.local.state_dir import lock
from event_platform.local.state_dir.directory import Place
from event_platform.local.supervisor import control_protocol
from event_platform.local.supervisor.control_protocol import Request
from event_platform.local.supervisor.progress import Report

_COMMAND = (sys.executable, "-P", "-m", "event_platform.local.supervisor.supervisor")
_END_SECONDS = 90.0


def become_supervisor(place: Place) -> NoReturn:
    """Go on as the supervisor, in this very process, so that a terminal's signals reach it."""
    os.execve(_COMMAND[0], _COMMAND, _environment(place))


def in_background(place: Place, say: Callable[[str], None]) -> None:
    """Start a supervisor that outlives this process; return when all is ready.

    Raises:
        UnavailableError: It ended instead; says why. Nothing is left running.
    """
    reading, writing = os.pipe()
    with open_log(place.logs / f"{SUPERVISOR}.log") as log:
        supervisor = subprocess.Popen(
            (*_COMMAND, str(writing)),
            env=_environment(place),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
            pass_fds=(writing,),
        )
    os.close(writing)
    try:
        _follow(reading, place, say)
    except KeyboardInterrupt:
        supervisor.send_signal(signal.SIGTERM)
        supervisor.wait(_END_SECONDS)
        raise
    except UnavailableError:
        # It said why it fails and still ends what it had started.
        supervisor.wait(_END_SECONDS)
        raise


def _environment(place: Place) -> dict[str, str]:
    return {**os.environ, identity.HOME_MARK: str(place.home)}


def _follow(descriptor: int, place: Place, say: Callable[[str], None]) -> None:
    for report in _reports(descriptor):
        if report.kind == "failed":
            raise UnavailableError(report.text)
        say(report.text)
        if report.kind == "ready":
            return
    raise UnavailableError(f"the supervisor ended while starting:\n{tail(place.logs / f'{SUPERVISOR}.log')}")


def _reports(descriptor: int) -> Iterator[Report]:
    with os.fdopen(descriptor, "rb") as lines:
        for line in lines:
            yield msgspec.json.decode(line, type=Report)


def end(place: Place) -> bool:
    """End the supervisor and all it runs, or what one that was killed has left; whether anything ran.

    Raises:
        UnavailableError: It runs as another user.
    """
    supervisor = _find_supervisor(place)
    if supervisor:
        _end_supervisor(supervisor)
    if lock.is_held(place.lock):
        raise UnavailableError(f"the platform in {place.home} is run by another user, who has to stop it")
    return bool(orphans.end(place)) or supervisor is not None


def _find_supervisor(place: Place) -> psutil.Process | None:
    recorded = records.of(place).get(SUPERVISOR)
    found = identity.find(recorded) if recorded else None
    return found or (_ask_supervisor(place) if lock.is_held(place.lock) else None)


def _ask_supervisor(place: Place) -> psutil.Process | None:
    # On a full disk it could not write who it is.
    with contextlib.suppress(UnavailableError):
        answer = control_protocol.ask(place.home, Request("status"))
        if answer and answer.supervisor:
            return identity.find(answer.supervisor)
    return None


def _end_supervisor(supervisor: psutil.Process) -> None:
    supervisor.send_signal(signal.SIGTERM)
    supervisor.send_signal(signal.SIGCONT)
    try:
        supervisor.wait(_END_SECONDS)
    except psutil.TimeoutExpired:
        supervisor.kill()
        supervisor.wait(5)
