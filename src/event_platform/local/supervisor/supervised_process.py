"""One program that is kept running: restarted when it dies, with exponential backoff."""

import subprocess
import threading
import time
from collections.abc import Mapping
from dataclasses import replace
from enum import StrEnum
from typing import Final

import msgspec

from event_platform.core.backoff import delay_after
from event_platform.core.errors import UnavailableError
from event_platform.core.telemetry import get_logger
from event_platform.local.process import program as programs
from event_platform.local.process import termination
from event_platform.local.process.log_file import tail
from event_platform.local.process.program import Program
from event_platform.local.process.records import ProcessRecords
from event_platform.local.supervisor.periodic_tasks import PeriodicTasks

_FIRST_RESTART_DELAY_SECONDS: Final = 0.1
_LONGEST_RESTART_DELAY_SECONDS: Final = 15.0
_HEALTHY_SECONDS: Final = 20.0
_POLL_SECONDS: Final = 0.05
_DELAY_AFTER_FAILED_TURN_SECONDS: Final = 1.0

log = get_logger(__name__)


class ProcessState(StrEnum):
    """What a supervised process is doing."""

    STOPPED = "stopped"
    STARTING = "starting"
    READY = "ready"
    RESTARTING = "restarting"


class ProcessSnapshot(msgspec.Struct, frozen=True):
    """A supervised process as `event-platform status` shows it; ``pid`` is None while no process runs."""

    state: ProcessState
    pid: int | None
    restarts: int
    last_end: str | None


def restart_delay_seconds(failures: int) -> float:
    """The delay before a restart after ``failures`` consecutive deaths (at least 1)."""
    return delay_after(
        failures, first_seconds=_FIRST_RESTART_DELAY_SECONDS, longest_seconds=_LONGEST_RESTART_DELAY_SECONDS
    )


class SupervisedProcess:
    """A program, its current process, and the thread that restarts it."""

    def __init__(self, program: Program, records: ProcessRecords) -> None:
        self.program = program
        self._configured = program
        self._records = records
        self._changed = threading.Condition()
        self._state = ProcessState.STOPPED
        self._wanted = False
        self._process: subprocess.Popen[bytes] | None = None
        self._restarts = self._failures = 0
        self._last_end: str | None = None
        threading.Thread(target=self._supervise, name=f"supervise-{program.name}", daemon=True).start()

    def snapshot(self) -> ProcessSnapshot:
        """The current state; asks the process itself, because it may have died without the thread having noticed."""
        with self._changed:
            process = self._running()
            has_died = self._state is ProcessState.READY and not process
            state = ProcessState.RESTARTING if has_died else self._state
            return ProcessSnapshot(state, process.pid if process else None, self._restarts, self._last_end)

    def start(self, overrides: Mapping[str, str] | None = None) -> bool:
        """Start the program, or restart it where ``overrides`` change its environment; return whether anything changed.

        A process that is waiting for its restart is started at once.
        """
        environment = {**self._configured.environment, **(overrides or {})}
        with self._changed:
            is_supervised = self._wanted and self._running() is not None
        if is_supervised and environment == dict(self.program.environment):
            return False
        self.stop()
        with self._changed:
            self.program = replace(self._configured, environment=environment)
            self._wanted = True
            self._failures = 0
            self._changed.notify_all()
        return True

    def stop(self) -> None:
        """Terminate the process and do not restart it; return when it is gone."""
        with self._changed:
            self._wanted = False
            self._changed.notify_all()
            process = self._process
        if process:
            termination.terminate(process, self.program)
        with self._changed:
            self._changed.wait_for(lambda: self._state is ProcessState.STOPPED or self._wanted)

    def wait_until_ready(self, timeout_seconds: float) -> None:
        """Return when the process is ready.

        Raises:
            UnavailableError: It exited instead, was stopped, or takes too long; with the end of its log.
        """
        name = self.program.name
        with self._changed:
            restarts = self._restarts
            decided = self._changed.wait_for(
                lambda: self._state is ProcessState.READY or self._restarts > restarts or not self._wanted,
                timeout_seconds,
            )
            if self._state is ProcessState.READY:
                return
            reason = f"exited while starting ({self._last_end})" if decided else f"not ready in {timeout_seconds:g} s"
        raise UnavailableError(f"{name}: {reason}; its log ends with\n{tail(self.program.log)}")

    def _running(self) -> subprocess.Popen[bytes] | None:
        return self._process if self._process and termination.is_running(self._process) else None

    def _supervise(self) -> None:
        tasks = PeriodicTasks()
        while True:
            if not tasks.run(f"supervising {self.program.name}", self._turn):
                time.sleep(_DELAY_AFTER_FAILED_TURN_SECONDS)

    def _turn(self) -> None:
        # Where the previous turn failed halfway, its process may still be running.
        process = self._process or self._start_when_wanted()
        if process:
            self._wait_until_ended(process)
            self._clean_up(process)
        self._wait_before_restart()

    def _start_when_wanted(self) -> subprocess.Popen[bytes] | None:
        with self._changed:
            self._set_state(ProcessState.STARTING if self._wanted else ProcessState.STOPPED)
            self._changed.wait_for(lambda: self._wanted)
            self._set_state(ProcessState.STARTING)
            try:
                self._process = programs.start(self.program)
            except OSError as error:
                self._last_end = f"cannot be started: {error}"
                return None
            self._records.add(self.program.name, self._process.pid)
            return self._process

    def _wait_until_ended(self, process: subprocess.Popen[bytes]) -> None:
        tasks = PeriodicTasks()
        while process.poll() is None and not self._is_ready(tasks):
            time.sleep(_POLL_SECONDS)
        with self._changed:
            if process.poll() is None:
                self._set_state(ProcessState.READY)
        ready_at = time.monotonic()
        process.wait()
        if time.monotonic() - ready_at > _HEALTHY_SECONDS:
            self._failures = 0

    def _is_ready(self, tasks: PeriodicTasks) -> bool:
        answers: list[bool] = []
        tasks.run(f"checking readiness of {self.program.name}", lambda: answers.append(self.program.is_ready()))
        return any(answers)

    def _clean_up(self, process: subprocess.Popen[bytes]) -> None:
        with self._changed:
            self._process = None
            self._last_end = termination.describe_exit_status(process.returncode)
        self._records.remove(self.program.name)
        termination.kill_process_group(process.pid)

    def _wait_before_restart(self) -> None:
        with self._changed:
            if not self._wanted:
                return
            self._failures += 1
            self._restarts += 1
            delay = restart_delay_seconds(self._failures)
            self._set_state(ProcessState.RESTARTING)
            name, cause = self.program.name, self._last_end
            log.warning("process exited; restarting", process=name, exit_status=cause, delay_seconds=delay)
            self._changed.wait_for(lambda: not self._wanted, delay)

    def _set_state(self, state: ProcessState) -> None:
        self._state = state
        self._changed.notify_all()
