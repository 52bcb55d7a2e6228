"""Only processes that a killed supervisor really left behind are terminated."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import msgspec
import psutil
import pytest
from tests.fixtures.waiting import eventually

from event_platform.local.process import identity, orphans
from event_platform.local.process.identity import HOME_VARIABLE, ProcessIdentity
from event_platform.local.state_dir import directory
from event_platform.local.state_dir.directory import StateDirectory


@pytest.fixture
def state_dir(tmp_path: Path) -> StateDirectory:
    """A state directory of the test's own."""
    state_dir = directory.locate(tmp_path / "home")
    state_dir.home.mkdir()
    return state_dir


@pytest.fixture
def process(state_dir: StateDirectory) -> Iterator[subprocess.Popen[bytes]]:
    """A process that belongs to the state directory."""
    with subprocess.Popen(
        [sys.executable, "-c", "import time; time.sleep(600)"], env={**os.environ, HOME_VARIABLE: str(state_dir.home)}
    ) as started:
        # Linux shows a program's environment only some time after it was started.
        eventually(lambda: HOME_VARIABLE in psutil.Process(started.pid).environ(), "the process' environment")
        yield started
        started.kill()


@pytest.fixture
def recorded(state_dir: StateDirectory, process: subprocess.Popen[bytes]) -> ProcessIdentity:
    """The identity of that process."""
    return identity.identify(process.pid, state_dir.home)


def _record(state_dir: StateDirectory, one: ProcessIdentity) -> None:
    state_dir.records_file.write_bytes(msgspec.json.encode({"ingest": one}))


def test_an_orphan_is_terminated(
    state_dir: StateDirectory, process: subprocess.Popen[bytes], recorded: ProcessIdentity
) -> None:
    """Its record is removed, too."""
    _record(state_dir, recorded)
    assert orphans.terminate_orphans(state_dir) == ["ingest"]
    assert process.poll() is not None
    assert not state_dir.records_file.exists()


@pytest.mark.parametrize(
    "foreign",
    [{"started": 1.0}, {"home": "/elsewhere"}],
    ids=["another start time", "another state directory"],
)
def test_a_foreign_process_is_never_signalled(
    state_dir: StateDirectory, process: subprocess.Popen[bytes], recorded: ProcessIdentity, foreign: dict[str, object]
) -> None:
    """Its process id was reused."""
    _record(state_dir, msgspec.structs.replace(recorded, **foreign))
    assert orphans.terminate_orphans(state_dir) == []
    assert process.poll() is None


def test_a_process_of_another_state_directory_is_never_signalled(state_dir: StateDirectory) -> None:
    """Process id and start time match, but it was not started for this state directory."""
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"]) as stranger:
        _record(state_dir, identity.identify(stranger.pid, state_dir.home))
        assert orphans.terminate_orphans(state_dir) == []
        assert stranger.poll() is None
        stranger.kill()


def test_a_copied_directory_terminates_nothing(
    state_dir: StateDirectory, process: subprocess.Popen[bytes], recorded: ProcessIdentity
) -> None:
    """`down` in a copy of a state directory leaves the original's processes alone; `down` in a moved one stops them."""
    _record(state_dir, recorded)
    copied = directory.locate(Path(shutil.copytree(state_dir.home, state_dir.home.with_name("copied"))))
    assert orphans.terminate_orphans(copied) == []
    assert process.poll() is None
    moved = directory.locate(state_dir.home.rename(state_dir.home.with_name("moved")))
    assert orphans.terminate_orphans(moved) == ["ingest"]
    assert process.poll() is not None


def test_a_file_without_records_is_kept(state_dir: StateDirectory) -> None:
    """It only has the same name."""
    for text in ("{}", "[1]", '{"mine": 1}'):
        state_dir.records_file.write_text(text)
        assert orphans.terminate_orphans(state_dir) == []
        assert state_dir.records_file.read_text() == text


def test_damaged_records_terminate_nothing(state_dir: StateDirectory) -> None:
    """No process is known then, and none is signalled."""
    state_dir.records_file.write_text("{")
    assert orphans.terminate_orphans(state_dir) == []
