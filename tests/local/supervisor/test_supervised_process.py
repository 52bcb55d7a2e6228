"""One program is kept running, whatever happens to its process."""

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
from event_platform.local.process.records import Records
from event_platform.local.supervisor import supervised_process
from event_platform.local.supervisor.supervised_process import Keeper, State, pause_seconds

MakeKeeper = Callable[..., Keeper]

SLEEPS = "import time; time.sleep(600)"


@pytest.fixture
def make_keeper(tmp_path: Path, request: pytest.FixtureRequest) -> MakeKeeper:
    """Keepers of Python one-liners, ended after the test."""

    def make(code: str = SLEEPS, **changes: object) -> Keeper:
        program = Program(
            name="sleeper",
            command=(sys.executable, "-c", code),
            environment={**os.environ, identity.HOME_MARK: str(tmp_path)},
            folder=tmp_path,
            log=tmp_path / "sleeper.log",
            is_ready=lambda: True,
        )
        program = replace(program, **changes)  # type: ignore[arg-type]  # the fields a test names
        keeper = Keeper(program, Records(tmp_path / "processes.json", tmp_path))
        request.addfinalizer(lambda: stop(keeper))
        return keeper

    return make


def stop(keeper: Keeper) -> None:
    """Stop it; one whose thread has died would be waited for without end."""
    stopping = threading.Thread(target=keeper.stop, daemon=True)
    stopping.start()
    stopping.join(DEADLINE_SECONDS)
    assert not stopping.is_alive(), "it does not stop"


def pid_of(keeper: Keeper) -> int:
    """The process of the moment."""
    pid = keeper.snapshot().pid
    assert pid is not None
    return pid


def environment_of(keeper: Keeper) -> dict[str, str]:
    """The environment that the program itself was started with; empty as long as it is not shown."""
    environment = psutil.Process(pid_of(keeper)).environ()
    return environment if identity.HOME_MARK in environment else {}


def test_a_killed_process_is_replaced(make_keeper: MakeKeeper) -> None:
    """SIGKILL brings another process, and the count and reason are told."""
    keeper = make_keeper()
    keeper.start()
    keeper.wait_until_ready(DEADLINE_SECONDS)
    first = pid_of(keeper)
    os.kill(first, signal.SIGKILL)
    eventually(lambda: keeper.snapshot().restarts == 1 and keeper.snapshot().state is State.READY, "another process")
    assert pid_of(keeper) != first
    assert keeper.snapshot().last_end == "SIGKILL"


def test_restarting_is_shown_while_it_pauses(make_keeper: MakeKeeper, monkeypatch: pytest.MonkeyPatch) -> None:
    """Between two processes the state says so, and no process id is told."""
    # So long that a busy machine cannot miss it.
    monkeypatch.setattr(supervised_process, "_FIRST_PAUSE_SECONDS", 15.0)
    keeper = make_keeper()
    keeper.start()
    keeper.wait_until_ready(DEADLINE_SECONDS)
    os.kill(pid_of(keeper), signal.SIGKILL)
    eventually(lambda: keeper.snapshot().state is State.RESTARTING, "the pause")
    assert keeper.snapshot().pid is None


def test_a_stopped_program_stays_stopped(make_keeper: MakeKeeper) -> None:
    """What was stopped on purpose is not restarted, and starts again when told to."""
    keeper = make_keeper()
    keeper.start()
    keeper.wait_until_ready(DEADLINE_SECONDS)
    first = pid_of(keeper)
    keeper.stop()
    assert not psutil.pid_exists(first)
    assert keeper.snapshot().state is State.STOPPED
    keeper.start()
    keeper.wait_until_ready(DEADLINE_SECONDS)
    assert keeper.snapshot().restarts == 0


def test_a_program_that_ignores_its_signal_is_killed(make_keeper: MakeKeeper) -> None:
    """Stopping comes to an end."""
    keeper = make_keeper(
        "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('deaf', flush=True); time.sleep(60)",
        stop_seconds=0.3,
    )
    keeper.start()
    keeper.wait_until_ready(DEADLINE_SECONDS)
    eventually(lambda: "deaf" in keeper.program.log.read_text(), "the signal to be ignored")
    pid = pid_of(keeper)
    keeper.stop()
    assert not psutil.pid_exists(pid)


def test_a_paused_program_stops(make_keeper: MakeKeeper) -> None:
    """One that was sent SIGSTOP hears of its end all the same, and need not be killed."""
    keeper = make_keeper(stop_seconds=DEADLINE_SECONDS)
    keeper.start()
    keeper.wait_until_ready(DEADLINE_SECONDS)
    os.kill(pid_of(keeper), signal.SIGSTOP)
    keeper.stop()
    assert keeper.snapshot().last_end == "SIGTERM"


def test_workers_of_a_killed_process_do_not_outlive_it(make_keeper: MakeKeeper) -> None:
    """A child that kept the port would stop the next process from starting."""
    keeper = make_keeper(
        "import subprocess, sys; print(subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)']).pid,"
        " flush=True); import time; time.sleep(600)"
    )
    keeper.start()
    keeper.wait_until_ready(DEADLINE_SECONDS)
    eventually(lambda: keeper.program.log.read_text().strip().isdigit(), "the child's id")
    child = psutil.Process(int(keeper.program.log.read_text()))
    os.kill(pid_of(keeper), signal.SIGKILL)
    eventually(lambda: has_ended(child), "the child's end")


def test_one_that_ends_while_starting_is_named_with_its_log(make_keeper: MakeKeeper) -> None:
    """The error holds what the program itself said."""
    keeper = make_keeper("print('no such table', flush=True); raise SystemExit(3)", is_ready=lambda: False)
    keeper.start()
    with pytest.raises(UnavailableError, match=r"exit status 3(.|\n)*no such table"):
        keeper.wait_until_ready(DEADLINE_SECONDS)


def test_overrides_hold_until_the_next_start(make_keeper: MakeKeeper) -> None:
    """A start with other settings replaces the process; one without takes them back; the same again changes nothing."""
    keeper = make_keeper()
    assert keeper.start()
    keeper.wait_until_ready(DEADLINE_SECONDS)
    assert not keeper.start()
    assert keeper.start({"RATE_LIMIT_PER_MIN": "5"})
    keeper.wait_until_ready(DEADLINE_SECONDS)
    # Linux shows a program's environment only some time after it was started.
    eventually(lambda: environment_of(keeper).get("RATE_LIMIT_PER_MIN") == "5", "the other setting")
    assert keeper.start()
    keeper.wait_until_ready(DEADLINE_SECONDS)
    eventually(lambda: environment_of(keeper), "its environment")
    assert "RATE_LIMIT_PER_MIN" not in environment_of(keeper)


def test_a_running_process_is_recorded(make_keeper: MakeKeeper, tmp_path: Path) -> None:
    """Its record finds it while it runs, and is gone when it ended."""
    keeper = make_keeper()
    keeper.start()
    keeper.wait_until_ready(DEADLINE_SECONDS)
    recorded = records.read(tmp_path / "processes.json")["sleeper"]
    # Linux shows a program's environment only some time after it was started.
    found = eventually(lambda: identity.find(recorded), "the recorded process to be found")
    assert found.pid == pid_of(keeper)
    keeper.stop()
    assert records.read(tmp_path / "processes.json") == {}


def test_a_killed_process_is_replaced_without_records(make_keeper: MakeKeeper, tmp_path: Path) -> None:
    """They are best effort: where they cannot be written the program runs, restarts and stops all the same."""
    (tmp_path / "processes.json").mkdir()
    keeper = make_keeper()
    keeper.start()
    keeper.wait_until_ready(DEADLINE_SECONDS)
    os.kill(pid_of(keeper), signal.SIGKILL)
    eventually(lambda: keeper.snapshot().restarts == 1 and keeper.snapshot().state is State.READY, "another process")
    keeper.stop()
    assert keeper.snapshot().state is State.STOPPED


def test_a_program_without_a_log_runs(make_keeper: MakeKeeper, tmp_path: Path) -> None:
    """What it writes is dropped then."""
    (tmp_path / "sleeper.log").mkdir()
    keeper = make_keeper()
    keeper.start()
    keeper.wait_until_ready(DEADLINE_SECONDS)
    assert psutil.pid_exists(pid_of(keeper))


def test_a_question_that_fails_is_asked_again(make_keeper: MakeKeeper, expect_errors: ExpectErrors) -> None:
    """Whether it is ready is one thing, that it is kept running another."""
    expect_errors("No space left on device")
    answers = iter((OSError(28, "No space left on device"), True))

    def is_ready() -> bool:
        answer = next(answers)
        if isinstance(answer, OSError):
            raise answer
        return answer

    keeper = make_keeper(is_ready=is_ready)
    keeper.start()
    keeper.wait_until_ready(DEADLINE_SECONDS)
    assert keeper.snapshot().restarts == 0


def test_a_turn_that_fails_is_not_the_last(
    make_keeper: MakeKeeper, monkeypatch: pytest.MonkeyPatch, expect_errors: ExpectErrors
) -> None:
    """Whatever goes wrong while a dead process is looked after, another one comes."""
    expect_errors("Operation not permitted")
    failures = [PermissionError(1, "Operation not permitted")]

    def kill_orphans(_pid: int) -> None:
        if failures:
            raise failures.pop()

    monkeypatch.setattr(termination, "kill_orphans", kill_orphans)
    keeper = make_keeper()
    keeper.start()
    keeper.wait_until_ready(DEADLINE_SECONDS)
    first = pid_of(keeper)
    os.kill(first, signal.SIGKILL)
    eventually(lambda: keeper.snapshot().pid not in {None, first}, "another process")
    keeper.wait_until_ready(DEADLINE_SECONDS)


def test_what_is_told_is_the_process_itself(make_keeper: MakeKeeper, monkeypatch: pytest.MonkeyPatch) -> None:
    """One that ended is never called ready, though nobody has looked after it yet."""
    looked_after = threading.Event()
    wait = subprocess.Popen.wait

    def wait_late(process: subprocess.Popen[bytes], timeout: float | None = None) -> int:
        looked_after.wait()
        return wait(process, timeout)

    monkeypatch.setattr(subprocess.Popen, "wait", wait_late)
    keeper = make_keeper()
    keeper.start()
    keeper.wait_until_ready(DEADLINE_SECONDS)
    process = psutil.Process(pid_of(keeper))
    process.kill()
    try:
        eventually(lambda: has_ended(process), "its end")
        found = keeper.snapshot()
    finally:
        looked_after.set()
    assert (found.state, found.pid, found.restarts) == (State.RESTARTING, None, 0)


def test_start_does_not_wait_for_the_pause(make_keeper: MakeKeeper, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who starts a dead one by hand is not told that it was running already."""
    monkeypatch.setattr(
        "event_platform.local.supervisor.supervised_process._FIRST_PAUSE_SECONDS", 10 * DEADLINE_SECONDS
    )
    monkeypatch.setattr(
        "event_platform.local.supervisor.supervised_process._LONGEST_PAUSE_SECONDS", 10 * DEADLINE_SECONDS
    )
    keeper = make_keeper()
    keeper.start()
    keeper.wait_until_ready(DEADLINE_SECONDS)
    os.kill(pid_of(keeper), signal.SIGKILL)
    eventually(lambda: keeper.snapshot().state is State.RESTARTING, "the pause")
    assert keeper.start()
    keeper.wait_until_ready(DEADLINE_SECONDS)


def test_pauses_grow_to_a_bound() -> None:
    """The first restart comes within a second; one that never succeeds costs nothing."""
    pauses = [pause_seconds(failures) for failures in range(1, 20)]
    assert pauses[0] <= 1
    assert pauses == sorted(pauses)
    assert pauses[-1] == pauses[-2] == 15
