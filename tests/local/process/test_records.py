"""Records of what runs are written as well as can be."""

import os
from pathlib import Path

import pytest

from event_platform.local.process import records
from event_platform.local.process.records import Records


def test_what_could_not_be_written_is_written_later(tmp_path: Path) -> None:
    """Nobody who starts or ends a process hears of it; who saves them does, until it works."""
    path = tmp_path / "processes.json"
    path.mkdir()
    noted = Records(path, tmp_path)
    noted.add("ingest", os.getpid())
    noted.add("admin", os.getpid())
    noted.remove("admin")
    with pytest.raises(OSError, match=r"processes\.json"):
        noted.save()
    path.rmdir()
    noted.save()
    assert set(records.read(path)) == {"ingest"}


def test_what_is_written_is_not_written_again(tmp_path: Path) -> None:
    """Saving costs nothing as long as nothing changes."""
    path = tmp_path / "processes.json"
    noted = Records(path, tmp_path)
    noted.add("ingest", os.getpid())
    path.unlink()
    noted.save()
    assert not path.exists()


def test_a_process_that_has_ended_already_is_not_recorded(tmp_path: Path) -> None:
    """There is nothing to find again."""
    noted = Records(tmp_path / "processes.json", tmp_path)
    noted.add("ingest", 2**22 + 1)
    noted.save()
    assert records.read(tmp_path / "processes.json") == {}
