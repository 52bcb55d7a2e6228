"""A program is kept running, whatever happens to its process."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import psutil
import pytest
from tests.fixtures.error_watch import ExpectErrors
from tests.fixtures.processes import has_ended
from tests.fixtures.waiting import DEADLINE_SECONDS, eventually

from event_platform.core.errors import UnavailableError
from event_platform.local.process import identity, records, termination
from event_platform.local.process.program import Program
from event_platform.local.process.records import ProcessRecords
from event_platform.local.supervisor import supervised_process
from event_platform.local.supervisor.supervised_process import ProcessState, SupervisedProcess, restart_delay_seconds

MakeProcess = Callable[..., SupervisedProcess]

SLEEPS = "import time; time.sleep(600)"


@pytest.fixture
def make_process(tmp_path: Path, request: pytest.FixtureRequest) -> MakeProcess:
    """Supervised Python one-liners, stopped after the test."""

    def make(code: str = SLEEPS, **changes: object) -> SupervisedProcess:
        program = Program(
            name="sleeper",
            command=(sys.executable, "-c", code),
            environment={**os.environ, identity.HOME_VARIABLE: str(tmp_path)},
            working_directory=tmp_path,
            log=tmp_path / "sleeper.log",
            is_ready=lambda: True,
        )
        program = replace(program, **changes)  # type: ignore[arg-type]  # the fields a test names
        supervised = SupervisedProcess(program, ProcessRecords(tmp_path / "processes.json", tmp_path))
        request.addfinalizer(lambda: stop(supervised))
        return supervised

    return make


def stop(supervised: SupervisedProcess) -> None:
    """Stop the process; fail if the stop is stuck because the supervising thread has died."""
    stopping = threading.Thread(target=supervised.stop, daemon=True)
    stopping.start()
    stopping.join(DEADLINE_SECONDS)
    assert not stopping.is_alive(), "it does not stop"


def pid_of(supervised: SupervisedProcess) -> int:
    """The id of the current process."""
    pid = supervised.snapshot().pid
    assert pid is not None
    return pid


def environment_of(supervised: SupervisedProcess) -> dict[str, str]:
    """The environment that the program was started with; empty while Linux does not show it yet."""
    environment = psutil.Process(pid_of(supervised)).environ()
    return environment if identity.HOME_VARIABLE in environment else {}


def test_a_killed_process_is_restarted(make_process: MakeProcess) -> None:
    """The snapshot counts the restart and names the signal."""
    supervised = make_process()
    supervised.start()
    supervised.wait_until_ready(DEADLINE_SECONDS)
    first = pid_of(supervised)
    os.kill(first, signal.SIGKILL)
    eventually(
        lambda: supervised.snapshot().restarts == 1 and supervised.snapshot().state is ProcessState.READY,
        "another process",
    )
    assert pid_of(supervised) != first
    assert supervised.snapshot().last_end == "SIGKILL"


def test_the_restart_delay_is_shown(make_process: MakeProcess, monkeypatch: pytest.MonkeyPatch) -> None:
    """Between two processes the state is ``restarting`` and there is no process id."""
    # So long that a busy machine cannot miss it.
    monkeypatch.setattr(supervised_process, "_FIRST_RESTART_DELAY_SECONDS", 15.0)
    supervised = make_process()
    supervised.start()
    supervised.wait_until_ready(DEADLINE_SECONDS)
    os.kill(pid_of(supervised), signal.SIGKILL)
    eventually(lambda: supervised.snapshot().state is ProcessState.RESTARTING, "the pause")
    assert supervised.snapshot().pid is None


def test_a_stopped_program_stays_stopped(make_process: MakeProcess) -> None:
    """It is not restarted, and starts again when told to."""
    supervised = make_process()
    supervised.start()
    supervised.wait_until_ready(DEADLINE_SECONDS)
    first = pid_of(supervised)
    supervised.stop()
    assert not psutil.pid_exists(first)
    assert supervised.snapshot().state is ProcessState.STOPPED
    supervised.start()
    supervised.wait_until_ready(DEADLINE_SECONDS)
    assert supervised.snapshot().restarts == 0


def test_a_program_that_ignores_its_stop_signal_is_killed(make_process: MakeProcess) -> None:
    """Stopping has a deadline."""
    supervised = make_process(
        "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('deaf', flush=True); time.sleep(60)",
        stop_seconds=0.3,
    )
    supervised.start()
    supervised.wait_until_ready(DEADLINE_SECONDS)
    eventually(lambda: "deaf" in supervised.program.log.read_text(), "the signal to be ignored")
    pid = pid_of(supervised)
    supervised.stop()
    assert not psutil.pid_exists(pid)


def test_a_program_stopped_by_sigstop_terminates(make_process: MakeProcess) -> None:
    """It handles its stop signal all the same, and need not be killed."""
    supervised = make_process(stop_seconds=DEADLINE_SECONDS)
    supervised.start()
    supervised.wait_until_ready(DEADLINE_SECONDS)
    os.kill(pid_of(supervised), signal.SIGSTOP)
    supervised.stop()
    assert supervised.snapshot().last_end == "SIGTERM"


def test_workers_of_a_killed_process_do_not_outlive_it(make_process: MakeProcess) -> None:
    """A child that kept the port would stop the next process from starting."""
    supervised = make_process(
        "import subprocess, sys; print(subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)']).pid,"
        " flush=True); import time; time.sleep(600)"
    )
    supervised.start()
    supervised.wait_until_ready(DEADLINE_SECONDS)
    eventually(lambda: supervised.program.log.read_text().strip().isdigit(), "the child's id")
    child = psutil.Process(int(supervised.program.log.read_text()))
    os.kill(pid_of(supervised), signal.SIGKILL)
    eventually(lambda: has_ended(child), "the child's end")


def test_a_process_that_exits_while_starting_is_reported_with_its_log(make_process: MakeProcess) -> None:
    """The error ends with the program's own output."""
    supervised = make_process("print('no such table', flush=True); raise SystemExit(3)", is_ready=lambda: False)
    supervised.start()
    with pytest.raises(UnavailableError, match=r"exit status 3(.|\n)*no such table"):
        supervised.wait_until_ready(DEADLINE_SECONDS)


def test_overrides_hold_until_the_next_start(make_process: MakeProcess) -> None:
    """Other settings replace the process, a start without them reverts it, and a repeated start changes nothing."""
    supervised = make_process()
    assert supervised.start()
    supervised.wait_until_ready(DEADLINE_SECONDS)
    assert not supervised.start()
    assert supervised.start({"RATE_LIMIT_PER_MIN": "5"})
    supervised.wait_until_ready(DEADLINE_SECONDS)
    # Linux shows a program's environment only some time after it was started.
    eventually(lambda: environment_of(supervised).get("RATE_LIMIT_PER_MIN") == "5", "the other setting")
    assert supervised.start()
    supervised.wait_until_ready(DEADLINE_SECONDS)
    eventually(lambda: environment_of(supervised), "its environment")
    assert "RATE_LIMIT_PER_MIN" not in environment_of(supervised)


def test_a_running_process_is_recorded(make_process: MakeProcess, tmp_path: Path) -> None:
    """Its record finds it while it runs, and is removed when it has ended."""
    supervised = make_process()
    supervised.start()
    supervised.wait_until_ready(DEADLINE_SECONDS)
    recorded = records.read(tmp_path / "processes.json")["sleeper"]
    # Linux shows a program's environment only some time after it was started.
    found = eventually(lambda: identity.find_process(recorded), "the recorded process to be found")
    assert found.pid == pid_of(supervised)
    supervised.stop()
    assert records.read(tmp_path / "processes.json") == {}


def test_a_killed_process_is_restarted_without_records(make_process: MakeProcess, tmp_path: Path) -> None:
    """Where records cannot be written the program runs, restarts and stops all the same."""
    (tmp_path / "processes.json").mkdir()
    supervised = make_process()
    supervised.start()
    supervised.wait_until_ready(DEADLINE_SECONDS)
    os.kill(pid_of(supervised), signal.SIGKILL)
    eventually(
        lambda: supervised.snapshot().restarts == 1 and supervised.snapshot().state is ProcessState.READY,
        "another process",
    )
    supervised.stop()
    assert supervised.snapshot().state is ProcessState.STOPPED


def test_a_program_without_a_log_runs(make_process: MakeProcess, tmp_path: Path) -> None:
    """Its output is dropped."""
    (tmp_path / "sleeper.log").mkdir()
    supervised = make_process()
    supervised.start()
    supervised.wait_until_ready(DEADLINE_SECONDS)
    assert psutil.pid_exists(pid_of(supervised))


def test_a_failed_readiness_check_is_repeated(make_process: MakeProcess, expect_errors: ExpectErrors) -> None:
    """The failure of a check does not restart the process."""
    expect_errors("No space left on device")
    answers = iter((OSError(28, "No space left on device"), True))

    def is_ready() -> bool:
        answer = next(answers)
        if isinstance(answer, OSError):
            raise answer
        return answer

    supervised = make_process(is_ready=is_ready)
    supervised.start()
    supervised.wait_until_ready(DEADLINE_SECONDS)
    assert supervised.snapshot().restarts == 0


def test_supervision_survives_a_failed_turn(
    make_process: MakeProcess, monkeypatch: pytest.MonkeyPatch, expect_errors: ExpectErrors
) -> None:
    """Whatever goes wrong while cleaning up after a dead process, it is restarted."""
    expect_errors("Operation not permitted")
    failures = [PermissionError(1, "Operation not permitted")]

    def kill_process_group(_pid: int) -> None:
        if failures:
            raise failures.pop()

    monkeypatch.setattr(termination, "kill_process_group", kill_process_group)
    supervised = make_process()
    supervised.start()
    supervised.wait_until_ready(DEADLINE_SECONDS)
    first = pid_of(supervised)
    os.kill(first, signal.SIGKILL)
    eventually(lambda: supervised.snapshot().pid not in {None, first}, "another process")
    supervised.wait_until_ready(DEADLINE_SECONDS)


def test_a_snapshot_asks_the_process_itself(make_process: MakeProcess, monkeypatch: pytest.MonkeyPatch) -> None:
    """A process that has died is never shown as ready, although the supervising thread has not noticed yet."""
    may_notice = threading.Event()
    wait = subprocess.Popen.wait

    def wait_late(process: subprocess.Popen[bytes], timeout: float | None = None) -> int:
        may_notice.wait()
        return wait(process, timeout)

    monkeypatch.setattr(subprocess.Popen, "wait", wait_late)
    supervised = make_process()
    supervised.start()
    supervised.wait_until_ready(DEADLINE_SECONDS)
    process = psutil.Process(pid_of(supervised))
    process.kill()
    try:
        eventually(lambda: has_ended(process), "its end")
        found = supervised.snapshot()
    finally:
        may_notice.set()
    assert (found.state, found.pid, found.restarts) == (ProcessState.RESTARTING, None, 0)


def test_start_does_not_wait_for_the_restart_delay(make_process: MakeProcess, monkeypatch: pytest.MonkeyPatch) -> None:
    """Someone who starts a dead process by hand is not told that it was running already."""
    monkeypatch.setattr(
        "event_platform.local.supervisor.supervised_process._FIRST_RESTART_DELAY_SECONDS", 10 * DEADLINE_SECONDS
    )
    monkeypatch.setattr(
        "event_platform.local.supervisor.supervised_process._LONGEST_RESTART_DELAY_SECONDS", 10 * DEADLINE_SECONDS
    )
    supervised = make_process()
    supervised.start()
    supervised.wait_until_ready(DEADLINE_SECONDS)
    os.kill(pid_of(supervised), signal.SIGKILL)
    eventually(lambda: supervised.snapshot().state is ProcessState.RESTARTING, "the pause")
    assert supervised.start()
    supervised.wait_until_ready(DEADLINE_SECONDS)


def test_restart_delays_grow_to_a_bound() -> None:
    """The first restart comes within a second; a program that never starts costs nothing."""
    pauses = [restart_delay_seconds(failures) for failures in range(1, 20)]
    assert pauses[0] <= 1
    assert pauses == sorted(pauses)
    assert pauses[-1] == pauses[-2] == 15
