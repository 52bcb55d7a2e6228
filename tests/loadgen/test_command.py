"""The command as a user runs it: exit statuses, files, signals."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest
from tests.fixtures.waiting import DEADLINE_SECONDS, eventually
from tests.loadgen.stub_server import StubServer, refusal

COMMAND = [sys.executable, "-m", "event_platform.cli", "loadgen"]


def loadgen(stub: StubServer, folder: Path, *options: str) -> subprocess.CompletedProcess[str]:
    """Run the command against the stub."""
    where = ("--url", stub.url, "--keys", "tenant_a:key_a,tenant_b:key_b")
    return subprocess.run([*COMMAND, *where, *options], cwd=folder, capture_output=True, text=True, check=False)


def test_the_briefs_flags_alone(stub: StubServer, tmp_path: Path) -> None:
    """They send rate times duration events, and print the summary on standard output."""
    rates = ("--rps", "100", "--duplicate-rate", "0.1", "--bad-rate", "0.05")
    done = loadgen(stub, tmp_path, *rates, "--minutes", "0.05", "--tenants", "2", "--quiet")
    assert done.returncode == 0, done.stderr
    assert len(stub.received) == 300
    assert "sent                   300" in done.stdout
    assert done.stderr == ""


def test_json_and_html_are_written(stub: StubServer, tmp_path: Path) -> None:
    """The JSON has the figures of the run, the HTML its charts."""
    done = loadgen(stub, tmp_path, "--minutes", "0.05", "--json", "run.json", "--html", "run.html", "--seed", "5")
    figures = json.loads((tmp_path / "run.json").read_text())
    assert done.returncode == 0
    assert figures["sent"] == len(stub.received) == 21
    assert (figures["seed"], figures["scenario"], figures["balance_sheet"]) == (5, "baseline", None)
    assert figures["timeline"]
    assert "<svg" in (tmp_path / "run.html").read_text()


def test_a_condition_that_holds_is_exit_4(stub: StubServer, tmp_path: Path) -> None:
    """The condition is printed on standard error."""
    stub.answer = lambda _request: refusal(429, "RATE_LIMITED", Retry_After="9")
    done = loadgen(stub, tmp_path, "--minutes", "0.03", "--fail-if", "rate_limited>50%", "--fail-if", "p99>9s")
    assert done.returncode == 4
    assert "failed by --fail-if: rate_limited>50%\n" in done.stderr
    assert "RATE_LIMITS=" in done.stdout


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--scenario", "nope"], "no scenario nope"),
        (["--tenants", "3"], "--tenants 3: there are keys of 2 only; give more with --keys"),
        (["--fail-if", "p1>1"], "--fail-if 'p1>1': expected"),
        (["--bad-rate", "2"], "--bad-rate"),
        (["--url", "localhost"], "--url localhost: expected http://host:port"),
        (["--keys", "key_a"], "--keys: expected tenant:key"),
        (["--rps", "0"], "--rps"),
        (["--rps", "nan"], "'--rps': nan is not a finite number"),
        (["--minutes", "inf"], "'--minutes': inf is not a finite number"),
        (["--verify-timeout", "nan"], "'--verify-timeout': nan is not a finite number"),
    ],
)
def test_wrong_options_are_exit_2(options: list[str], message: str, stub: StubServer, tmp_path: Path) -> None:
    """The message names the option, and nothing is sent."""
    done = loadgen(stub, tmp_path, *options)
    assert done.returncode == 2
    assert message in done.stderr
    assert stub.received == []


def test_no_listener_is_exit_1(tmp_path: Path) -> None:
    """The warning says what to do."""
    where = ["--url", "http://127.0.0.1:9", "--keys", "tenant_a:key_a,tenant_b:key_b", "--minutes", "0.03"]
    done = subprocess.run([*COMMAND, *where], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "Nothing listens at 127.0.0.1:9" in done.stdout


def test_a_scenario_without_events_is_exit_1(stub: StubServer, tmp_path: Path) -> None:
    """A warning explains the summary of zeros."""
    (tmp_path / "still.json").write_text('{"description":"","phases":[{"seconds":1,"rate":0}]}')
    done = loadgen(stub, tmp_path, "--scenario", "still.json")
    assert done.returncode == 1
    assert "Nothing was sent:" in done.stdout
    assert "over -" not in done.stdout


def test_a_file_that_cannot_be_written_is_exit_1(stub: StubServer, tmp_path: Path) -> None:
    """The summary is printed, and the error names the file."""
    done = loadgen(stub, tmp_path, "--minutes", "0.03", "--json", "missing/run.json")
    assert done.returncode == 1
    assert "writing missing/run.json" in done.stderr
    assert "sent" in done.stdout


def test_figures_are_written_if_verification_fails(stub: StubServer, tmp_path: Path) -> None:
    """An unavailable admin API does not lose the figures of the run."""
    verify = ("--verify", "--verify-timeout", "1", "--admin-url", "http://127.0.0.1:9")
    done = loadgen(stub, tmp_path, "--minutes", "0.03", *verify, "--json", "run.json")
    assert done.returncode == 1
    assert "asking http://127.0.0.1:9" in done.stderr
    figures = json.loads((tmp_path / "run.json").read_text())
    assert figures["sent"] == len(stub.received) > 0
    assert figures["balance_sheet"] is None


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_the_run_with_a_summary(number: signal.Signals, stub: StubServer, tmp_path: Path) -> None:
    """What was sent until then is reported, and no process is left."""
    command = [*COMMAND, "--url", stub.url, "--keys", "tenant_a:key_a,tenant_b:key_b", "--rps", "50", "--workers", "2"]
    with subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, text=True, start_new_session=True) as process:
        eventually(lambda: len(stub.received) >= 20, "requests")
        family = psutil.Process(process.pid).children(recursive=True)
        os.killpg(process.pid, number)
        output, _ = process.communicate(timeout=DEADLINE_SECONDS)
    assert process.returncode == 0
    assert "Interrupted: the figures cover what was sent until then." in output
    assert f"sent            {len(stub.received):>10,}" in output
    assert psutil.wait_procs(family, timeout=DEADLINE_SECONDS)[1] == []


def test_the_list_describes_each_scenario(tmp_path: Path) -> None:
    """It needs neither a platform nor API keys."""
    done = subprocess.run([*COMMAND, "--list"], cwd=tmp_path, capture_output=True, text=True, check=True)
    names = [line.split()[0] for line in done.stdout.splitlines()]
    assert names == ["baseline", "duplicates", "hot-tenant", "poison", "soak", "spike"]
