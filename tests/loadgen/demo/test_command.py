"""The demos against a platform that `event-platform up` runs, as a user starts them."""

import json
import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.fixtures.failed_tests import LogFiles
from tests.fixtures.shell import Shell
from tests.fixtures.waiting import DEADLINE_SECONDS


@pytest.fixture(scope="module")
def shell(
    environment: dict[str, str], tmp_path_factory: pytest.TempPathFactory, log_files: LogFiles
) -> Iterator[Shell]:
    """The platform's services are up, on the run's servers."""
    made = Shell(tmp_path_factory.mktemp("demo"), environment)
    logs = Path(environment["EVENT_PLATFORM_HOME"]) / "logs"
    log_files.use(logs)
    try:
        started = made.run("up", "--detach")
        assert started.returncode == 0, started.stderr
        yield made
    finally:
        ended = made.run("down")
        log_files.leave([logs])
    assert ended.returncode == 0, ended.stderr


def test_the_demo_sends_and_says_where_to_look(shell: Shell) -> None:
    """With a raised quota while it lasts, so that nothing is limited, and the dashboard's address."""
    done = shell.run("demo", "--minutes", "0.05")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "RATE_LIMITS=tenant_a:600000,tenant_b:600000" in done.stdout
    assert "sent                   120" in done.stdout
    assert "rate-limited           0" in done.stdout
    assert "starting ingest again with its usual quota" in done.stdout
    admin = json.loads(shell.run("status", "--json").stdout)["services"]["admin"]["url"]
    assert f"Look around: {admin}/" in done.stdout


def test_the_failure_demo_tells_and_balances(shell: Shell) -> None:
    """The processor stopped under load, poison, a tenant over its quota; and every event accounted for."""
    done = shell.run("demo-failure", "processor", "poison", "quota", "--outage-seconds", "4")
    assert done.returncode == 0, done.stdout + done.stderr
    told = done.stdout
    for sentence in ("stopping processor", "starting processor", "events wait", "new dead letters: VALIDATION_FAILED"):
        assert sentence in told, told
    assert "tenant_b: " in told
    assert " 0 answered 429" in told.split("tenant_b: ")[1].splitlines()[0]
    assert " 0 answered 429" not in told.split("tenant_a: ")[1].splitlines()[0]
    assert "It balances: every event is where its answers say." in told


def test_ctrl_c_puts_right_what_was_stopped(shell: Shell) -> None:
    """In the middle of an outage: the processor runs again, and ingest has its usual quota."""
    with shell.begin("demo-failure", "processor", "--outage-seconds", "60") as demo:
        assert demo.stdout
        told = ""
        while "lag:" not in told and (line := demo.stdout.readline()):
            told += line
        os.killpg(demo.pid, signal.SIGINT)
        told += demo.communicate(timeout=2 * DEADLINE_SECONDS)[0]
    assert demo.returncode == 1
    assert "starting processor" in told
    assert "usual quota" in told
    status = shell.run("status").stdout
    assert status.count(" ready ") == 3, status
