"""The command as a user runs it: exit statuses, files, Ctrl-C."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest
from tests.fixtures.waiting import DEADLINE_SECONDS, eventually
from tests.loadgen.conftest import Stub, refusal

COMMAND = [sys.executable, "-m", "event_platform.cli", "loadgen"]


def loadgen(stub: Stub, folder: Path, *options: str) -> subprocess.CompletedProcess[str]:
    """Run it against the stub."""
    where = ("--url", stub.url, "--keys", "tenant_a:key_a,tenant_b:key_b")
    return subprocess.run([*COMMAND, *where, *options], cwd=folder, capture_output=True, text=True, check=False)


def test_the_briefs_flags_alone(stub: Stub, tmp_path: Path) -> None:
    """A run with them sends rate times duration, and prints the summary on standard output."""
    rates = ("--rps", "100", "--duplicate-rate", "0.1", "--bad-rate", "0.05")
    done = loadgen(stub, tmp_path, *rates, "--minutes", "0.05", "--tenants", "2", "--quiet")
    assert done.returncode == 0, done.stderr
    assert len(stub.received) == 300
    assert "sent                   300" in done.stdout
    assert done.stderr == ""


def test_json_and_html_are_written(stub: Stub, tmp_path: Path) -> None:
    """The JSON's numbers are the summary's; the HTML is there."""
    done = loadgen(stub, tmp_path, "--minutes", "0.05", "--json", "run.json", "--html", "run.html", "--seed", "5")
    figures = json.loads((tmp_path / "run.json").read_text())
    assert done.returncode == 0
    assert figures["sent"] == len(stub.received) == 21
    assert (figures["seed"], figures["scenario"], figures["balance_sheet"]) == (5, "baseline", None)
    assert figures["timeline"]
    assert "<svg" in (tmp_path / "run.html").read_text()


def test_a_condition_that_holds_is_exit_4(stub: Stub, tmp_path: Path) -> None:
    """And is named."""
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
def test_wrong_options_are_exit_2(options: list[str], message: str, stub: Stub, tmp_path: Path) -> None:
    """And nothing is sent."""
    done = loadgen(stub, tmp_path, *options)
    assert done.returncode == 2
    assert message in done.stderr
    assert stub.received == []


def test_nobody_there_is_exit_1(tmp_path: Path) -> None:
    """With the sentence that says what to do."""
    where = ["--url", "http://127.0.0.1:9", "--keys", "tenant_a:key_a,tenant_b:key_b", "--minutes", "0.03"]
    done = subprocess.run([*COMMAND, *where], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "Nothing listens at 127.0.0.1:9" in done.stdout


def test_a_scenario_without_events_is_told(stub: Stub, tmp_path: Path) -> None:
    """Instead of a summary of zeros alone."""
    (tmp_path / "still.json").write_text('{"description":"","phases":[{"seconds":1,"rate":0}]}')
    done = loadgen(stub, tmp_path, "--scenario", "still.json")
    assert done.returncode == 1
    assert "Nothing was sent:" in done.stdout
    assert "over -" not in done.stdout


def test_a_file_that_cannot_be_written_is_exit_1(stub: Stub, tmp_path: Path) -> None:
    """After the summary, with the file's name."""
    done = loadgen(stub, tmp_path, "--minutes", "0.03", "--json", "missing/run.json")
    assert done.returncode == 1
    assert "writing missing/run.json" in done.stderr
    assert "sent" in done.stdout


def test_figures_are_written_although_nothing_can_be_verified(stub: Stub, tmp_path: Path) -> None:
    """Where the admin API cannot be asked, the run before it is not lost."""
    verify = ("--verify", "--verify-timeout", "1", "--admin-url", "http://127.0.0.1:9")
    done = loadgen(stub, tmp_path, "--minutes", "0.03", *verify, "--json", "run.json")
    assert done.returncode == 1
    assert "asking http://127.0.0.1:9" in done.stderr
    figures = json.loads((tmp_path / "run.json").read_text())
    assert figures["sent"] == len(stub.received) > 0
    assert figures["balance_sheet"] is None


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_ctrl_c_ends_with_the_summary(number: signal.Signals, stub: Stub, tmp_path: Path) -> None:
    """What was sent until then is reported, and no process stays."""
    command = [*COMMAND, "--url", stub.url, "--keys", "tenant_a:key_a,tenant_b:key_b", "--rps", "50", "--workers", "2"]
    with subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, text=True, start_new_session=True) as process:
        eventually(lambda: len(stub.received) >= 20, "requests")
        family = psutil.Process(process.pid).children(recursive=True)
        os.killpg(process.pid, number)
        output, _ = process.communicate(timeout=DEADLINE_SECONDS)
    assert process.returncode == 0
    assert "Interrupted: the figures are of what was sent until then." in output
    assert f"sent            {len(stub.received):>10,}" in output
    assert psutil.wait_procs(family, timeout=DEADLINE_SECONDS)[1] == []


def test_the_list_explains_each_scenario(tmp_path: Path) -> None:
    """Without a platform or keys."""
    done = subprocess.run([*COMMAND, "--list"], cwd=tmp_path, capture_output=True, text=True, check=True)
    names = [line.split()[0] for line in done.stdout.splitlines()]
    assert names == ["baseline", "duplicates", "hot-tenant", "poison", "soak", "spike"]
