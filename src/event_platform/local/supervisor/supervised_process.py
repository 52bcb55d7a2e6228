"""Keeping one program running: started again when it dies, after pauses that grow."""

import subprocess
import threading
import time
from collections.abc import Mapping
from dataclasses import replace
from enum import StrEnum

import msgspec

from event_platform.core.errors import UnavailableError
from event_platform.core.telemetry import get_logger
from event_platform.local.process import program as programs
from event_platform.local.process import termination
from event_platform.local.process.log_file import tail
from event_platform.local.process.program import Program
from event_platform.local.process.records import Records
from event_platform.local.supervisor.periodic_tasks import Duties

_FIRST_PAUSE_SECONDS = 0.1
_LONGEST_PAUSE_SECONDS = 15.0
_HEALTHY_SECONDS = 20.0
_POLL_SECONDS = 0.05
_PAUSE_AFTER_FAILURE_SECONDS = 1.0

log = get_logger(__name__)


class State(StrEnum):
    """What a program is doing."""

    STOPPED = "stopped"
    STARTING = "starting"
    READY = "ready"
    RESTARTING = "restarting"


class Snapshot(msgspec.Struct, frozen=True):
    """What `event-platform status` tells of a program; ``pid`` is None while no process runs."""

    state: State
    pid: int | None
    restarts: int
    last_end: str | None


def pause_seconds(failures: int) -> float:
    """How long to wait before the start after ``failures`` ends in a row (at least 1)."""
    return min(_LONGEST_PAUSE_SECONDS, _FIRST_PAUSE_SECONDS * 2.0 ** min(failures - 1, 10))


class Keeper:
    """A program, its process of the moment, and the thread that starts the next one."""

    def __init__(self, program: Program, records: Records) -> None:
        """Nothing is started yet."""
        self.program = program
        self._planned = program
        self._records = records
        self._changed = threading.Condition()
        self._state = State.STOPPED
        self._wanted = False
        self._process: subprocess.Popen[bytes] | None = None
        self._restarts = self._failures = 0
        self._last_end: str | None = None
        threading.Thread(target=self._keep, name=f"keep-{program.name}", daemon=True).start()

    def snapshot(self) -> Snapshot:
        """Its state now, by its process itself: one may have ended that was not looked after yet."""
        with self._changed:
            process = self._running()
            ended = self._state is State.READY and not process
            state = State.RESTARTING if ended else self._state
            return Snapshot(state, process.pid if process else None, self._restarts, self._last_end)

    def start(self, overrides: Mapping[str, str] | None = None) -> bool:
        """Want it to run, with ``overrides`` over its planned environment; whether that changed anything.

        One that is wanted and does not run is started at once, not after its pause.
        """
        environment = {**self._planned.environment, **(overrides or {})}
        with self._changed:
            is_kept = self._wanted and self._running() is not None
        if is_kept and environment == dict(self.program.environment):
            return False
        self.stop()
        with self._changed:
            self.program = replace(self._planned, environment=environment)
            self._wanted = True
            self._failures = 0
            self._changed.notify_all()
        return True

    def stop(self) -> None:
        """Want it not to run; returns when no process of it does."""
        with self._changed:
            self._wanted = False
            self._changed.notify_all()
            process = self._process
        if process:
            termination.end(process, self.program)
        with self._changed:
            self._changed.wait_for(lambda: self._state is State.STOPPED or self._wanted)

    def wait_until_ready(self, timeout_seconds: float) -> None:
        """Return when it is ready.

        Raises:
            UnavailableError: It ended instead, is stopped, or takes too long; with the end of its log.
        """
        name = self.program.name
        with self._changed:
            restarts = self._restarts
            settled = self._changed.wait_for(
                lambda: self._state is State.READY or self._restarts > restarts or not self._wanted, timeout_seconds
            )
            if self._state is State.READY:
                return
            ended = f"ended while starting ({self._last_end})" if settled else f"not ready in {timeout_seconds:g} s"
        raise UnavailableError(f"{name}: {ended}; its log ends with\n{tail(self.program.log)}")

    def _running(self) -> subprocess.Popen[bytes] | None:
        return self._process if self._process and termination.is_running(self._process) else None

    def _keep(self) -> None:
        duties = Duties()
        while True:
            if not duties.run(f"keeping {self.program.name}", self._turn):
                time.sleep(_PAUSE_AFTER_FAILURE_SECONDS)

    def _turn(self) -> None:
        # Where the turn before failed on the way, its process may run still.
        process = self._process or self._start_when_wanted()
        if process:
            self._watch(process)
            self._note_end(process)
        self._pause()

    def _start_when_wanted(self) -> subprocess.Popen[bytes] | None:
        with self._changed:
            self._set_state(State.STARTING if self._wanted else State.STOPPED)
            self._changed.wait_for(lambda: self._wanted)
            self._set_state(State.STARTING)
            try:
                self._process = programs.start(self.program)
            except OSError as error:
                self._last_end = f"cannot be started: {error}"
                return None
            self._records.add(self.program.name, self._process.pid)
            return self._process

    def _watch(self, process: subprocess.Popen[bytes]) -> None:
        duties = Duties()
        while process.poll() is None and not self._is_ready(duties):
            time.sleep(_POLL_SECONDS)
        with self._changed:
            if process.poll() is None:
                self._set_state(State.READY)
        started = time.monotonic()
        process.wait()
        if time.monotonic() - started > _HEALTHY_SECONDS:
            self._failures = 0

    def _is_ready(self, duties: Duties) -> bool:
        answers: list[bool] = []
        duties.run(f"asking {self.program.name}", lambda: answers.append(self.program.is_ready()))
        return any(answers)

    def _note_end(self, process: subprocess.Popen[bytes]) -> None:
        with self._changed:
            self._process = None
            self._last_end = termination.describe(process.returncode)
        self._records.remove(self.program.name)
        termination.kill_orphans(process.pid)

    def _pause(self) -> None:
        with self._changed:
            if not self._wanted:
                return
            self._failures += 1
            self._restarts += 1
            pause = pause_seconds(self._failures)
            self._set_state(State.RESTARTING)
            log.warning("restarting", name=self.program.name, after_seconds=pause, ended_by=self._last_end)
            self._changed.wait_for(lambda: not self._wanted, pause)

    def _set_state(self, state: State) -> None:
        self._state = state
        self._changed.notify_all()
