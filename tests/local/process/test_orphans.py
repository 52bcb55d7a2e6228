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
from event_platform.local.process.identity import HOME_MARK, Identity
from event_platform.local.state_dir import directory
from event_platform.local.state_dir.directory import Place


@pytest.fixture
def found(tmp_path: Path) -> Place:
    """A place of the test's own."""
    found = directory.find(tmp_path / "home")
    found.home.mkdir()
    return found


@pytest.fixture
def process(found: Place) -> Iterator[subprocess.Popen[bytes]]:
    """A process that belongs to the place."""
    with subprocess.Popen(
        [sys.executable, "-c", "import time; time.sleep(600)"], env={**os.environ, HOME_MARK: str(found.home)}
    ) as started:
        # Linux shows a program's environment only some time after it was started.
        eventually(lambda: HOME_MARK in psutil.Process(started.pid).environ(), "the process' environment")
        yield started
        started.kill()


@pytest.fixture
def recorded(found: Place, process: subprocess.Popen[bytes]) -> Identity:
    """Its identity."""
    return identity.identify(process.pid, found.home)


def _record(found: Place, one: Identity) -> None:
    found.records.write_bytes(msgspec.json.encode({"ingest": one}))


def test_what_was_left_is_ended(found: Place, process: subprocess.Popen[bytes], recorded: Identity) -> None:
    """A process that a killed supervisor left is ended, and its record is gone."""
    _record(found, recorded)
    assert orphans.end(found) == ["ingest"]
    assert process.poll() is not None
    assert not found.records.exists()


@pytest.mark.parametrize(
    "foreign",
    [{"started": 1.0}, {"home": "/elsewhere"}],
    ids=["another start time", "another state folder"],
)
def test_a_foreign_process_is_never_signalled(
    found: Place, process: subprocess.Popen[bytes], recorded: Identity, foreign: dict[str, object]
) -> None:
    """The id alone may have come to someone else."""
    _record(found, msgspec.structs.replace(recorded, **foreign))
    assert orphans.end(found) == []
    assert process.poll() is None


def test_a_process_of_another_folder_is_never_signalled(found: Place) -> None:
    """Id and start time match, but it was not started for this state folder."""
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"]) as stranger:
        _record(found, identity.identify(stranger.pid, found.home))
        assert orphans.end(found) == []
        assert stranger.poll() is None
        stranger.kill()


def test_a_copys_records_are_the_originals(found: Place, process: subprocess.Popen[bytes], recorded: Identity) -> None:
    """`down` in a copy of a state folder ends nothing of the folder that was copied, and `down` in a moved one does."""
    _record(found, recorded)
    copied = directory.find(Path(shutil.copytree(found.home, found.home.with_name("copied"))))
    assert orphans.end(copied) == []
    assert process.poll() is None
    moved = directory.find(found.home.rename(found.home.with_name("moved")))
    assert orphans.end(moved) == ["ingest"]
    assert process.poll() is not None


def test_a_file_that_holds_no_records_is_not_ours(found: Place) -> None:
    """It only has their name."""
    for text in ("{}", "[1]", '{"mine": 1}'):
        found.records.write_text(text)
        assert orphans.end(found) == []
        assert found.records.read_text() == text


def test_a_broken_records_file_is_no_end(found: Place) -> None:
    """Nothing is known then, and nothing is signalled."""
    found.records.write_text("{")
    assert orphans.end(found) == []
