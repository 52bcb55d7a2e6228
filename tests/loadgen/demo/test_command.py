"""Both demos as a user starts them, on a platform that `event-platform up` runs."""

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
    """A shell in a folder whose platform is up, on the servers of the test run."""
    made = Shell(tmp_path_factory.mktemp("demo"), environment)
    logs = Path(environment["EVENT_PLATFORM_HOME"]) / "logs"
    log_files.use(logs)
    try:
        started = made.run("up", "--detach")
        assert started.returncode == 0, started.stderr
        yield made
    finally:
        result = made.run("down")
        log_files.leave([logs])
    assert result.returncode == 0, result.stderr


def test_the_demo_sends_traffic_and_prints_where_to_look(shell: Shell) -> None:
    """The quota is raised for its duration, so that nothing is limited; the dashboard's URL is printed."""
    done = shell.run("demo", "--minutes", "0.05")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "RATE_LIMITS=tenant_a:600000,tenant_b:600000" in done.stdout
    assert "sent                   120" in done.stdout
    assert "rate-limited           0" in done.stdout
    assert "restarting ingest with its usual quota" in done.stdout
    admin = json.loads(shell.run("status", "--json").stdout)["services"]["admin"]["url"]
    assert f"Look around: {admin}/" in done.stdout


def test_the_failure_demo_comments_and_reconciles(shell: Shell) -> None:
    """The processor stopped under load, malformed events, an exceeded quota; every event is reconciled."""
    done = shell.run("demo-failure", "processor", "poison", "quota", "--outage-seconds", "4")
    assert done.returncode == 0, done.stdout + done.stderr
    output = done.stdout
    for sentence in (
        "stopping processor",
        "starting processor",
        "events waiting",
        "new dead letters: VALIDATION_FAILED",
    ):
        assert sentence in output, output
    assert "tenant_b: " in output
    assert " 0 answered 429" in output.split("tenant_b: ")[1].splitlines()[0]
    assert " 0 answered 429" not in output.split("tenant_a: ")[1].splitlines()[0]
    assert "Reconciled: what became of every event agrees with its answers." in output


def test_ctrl_c_restores_the_platform(shell: Shell) -> None:
    """During an outage, it restarts the processor and restores the quota of ingest."""
    with shell.begin("demo-failure", "processor", "--outage-seconds", "60") as demo:
        assert demo.stdout
        output = ""
        while "lag:" not in output and (line := demo.stdout.readline()):
            output += line
        os.killpg(demo.pid, signal.SIGINT)
        output += demo.communicate(timeout=2 * DEADLINE_SECONDS)[0]
    assert demo.returncode == 1
    assert "starting processor" in output
    assert "usual quota" in output
    status = shell.run("status").stdout
    assert status.count(" ready ") == 3, status
