"""The command line as a user meets it."""

import os
import subprocess
import sys
from collections.abc import Callable
from importlib import import_module
from pathlib import Path

import click
import pytest
from tests.fixtures.shell import Shell
from tests.fixtures.waiting import DEADLINE_SECONDS

from event_platform.cli import VERBS, cli

Run = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """Run ``event-platform`` in an empty directory."""

    def run_in_folder(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        return Shell(tmp_path, environment, timeout_seconds=DEADLINE_SECONDS).run(*arguments)

    return run_in_folder


def test_help_names_every_verb(run: Run) -> None:
    """Each with its description."""
    done = run("--help")
    assert done.returncode == 0
    for name, verb in VERBS.items():
        assert f"  {name} " in done.stdout
        assert verb.help in " ".join(done.stdout.split())


@pytest.mark.parametrize("name", VERBS)
def test_every_verb_has_a_command(name: str) -> None:
    """The table of verbs points at commands that exist."""
    command = cli.get_command(click.Context(cli), name)
    assert command is not None
    assert command.name == name


def test_only_the_verbs_module_is_imported(run: Run) -> None:
    """Help is fast: it imports no stage and no server's library."""
    code = "import sys, event_platform.cli; print([m for m in sys.modules if m.split('.')[0] in sys.argv[1:]])"
    heavy = ("fastapi", "confluent_kafka", "psycopg", "redis", "uvicorn", "jgo")
    done = subprocess.run([sys.executable, "-c", code, *heavy], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
    assert run("--help").returncode == 0


def test_a_wrong_setting_is_named_in_a_sentence(run: Run) -> None:
    """No traceback: the setting, its value and what was expected."""
    done = run("status", INGEST_PORT="http")
    assert done.returncode == 1
    assert done.stderr.startswith("event-platform: INGEST_PORT=http: ")
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("verb", ["ingest", "processor", "admin", "migrate", "topics", "up", "status", "doctor"])
def test_a_misspelt_setting_is_named_with_the_right_one(run: Run, tmp_path: Path, verb: str) -> None:
    """In `.env` it stops every verb that reads settings, except `down`."""
    (tmp_path / ".env").write_text("LOG_LEVEL=warning\nRATE_LIMIT_PER_MINUTE=60000\n")
    # With it nothing could start, were the name let through.
    done = run(verb, KAFKA_BROKERS="127.0.0.1:9")
    assert done.returncode == 1
    said = ".env, line 2: RATE_LIMIT_PER_MINUTE is no setting: expected RATE_LIMIT_PER_MIN"
    assert done.stderr == f"event-platform: {said}\n"
    assert run("down").stdout == "nothing was running\n"


def test_loadgen_without_its_extra_says_what_to_install(run: Run, tmp_path: Path) -> None:
    """A base install lacks its package: one sentence, and every other verb works."""
    (tmp_path / "hdrh").mkdir()
    (tmp_path / "hdrh/__init__.py").write_text("raise ImportError('No module named hdrh')\n")
    path = os.pathsep.join([str(tmp_path), os.environ.get("PYTHONPATH", "")])
    for verb in ("loadgen", "demo", "demo-failure"):
        done = run(verb, "--help", PYTHONPATH=path)
        assert done.returncode == 1
        assert done.stderr.startswith("event-platform: the package hdrhistogram")
        assert "pip install 'event-platform[loadgen]'" in done.stderr
        assert done.stderr.count("\n") == 1
    assert run("ingest", "--help", PYTHONPATH=path).returncode == 0
    assert run("--help", PYTHONPATH=path).returncode == 0


@pytest.mark.parametrize("number", ["nan", "inf", "-inf", "1e999", "1e308"])
@pytest.mark.parametrize(
    "words",
    [
        *(("loadgen", "--rps"), ("loadgen", "--minutes"), ("loadgen", "--timeout"), ("loadgen", "--verify-timeout")),
        *(("loadgen", "--duplicate-rate"), ("loadgen", "--bad-rate"), ("demo", "--minutes")),
        ("demo-failure", "--outage-seconds"),
    ],
)
def test_invalid_rates_and_durations_are_usage_errors(run: Run, words: tuple[str, str], number: str) -> None:
    """Neither not-a-number nor a duration that no run could complete."""
    done = run(*words, number, KAFKA_BROKERS="127.0.0.1:9")
    assert done.returncode == 2
    assert f"Invalid value for '{words[1]}'" in done.stderr


def test_migrate_without_a_database_says_what_to_do(run: Run) -> None:
    """The error names the setting and the way to get a database."""
    done = run("migrate")
    assert done.returncode == 1
    assert "DATABASE_URL is not set" in done.stderr
    assert "event-platform up" in done.stderr


def test_an_unknown_verb_is_refused(run: Run) -> None:
    """With click's usage message."""
    done = run("strat")
    assert done.returncode == 2
    assert "strat" in done.stderr


def test_importing_a_verbs_module_has_no_side_effects(monkeypatch: pytest.MonkeyPatch) -> None:
    """It reads no settings and starts nothing."""
    monkeypatch.setenv("INGEST_PORT", "not a port")
    for verb in VERBS.values():
        import_module(verb.module)
