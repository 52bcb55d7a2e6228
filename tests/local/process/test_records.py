"""Process records are written on a best-effort basis."""

import os
from pathlib import Path

import pytest

from event_platform.local.process import records
from event_platform.local.process.records import ProcessRecords


def test_records_that_could_not_be_written_are_written_later(tmp_path: Path) -> None:
    """Adding and removing ignore the failure; saving raises it until writing works."""
    path = tmp_path / "processes.json"
    path.mkdir()
    noted = ProcessRecords(path, tmp_path)
    noted.add("ingest", os.getpid())
    noted.add("admin", os.getpid())
    noted.remove("admin")
    with pytest.raises(OSError, match=r"processes\.json"):
        noted.save()
    path.rmdir()
    noted.save()
    assert set(records.read(path)) == {"ingest"}


def test_unchanged_records_are_not_written_again(tmp_path: Path) -> None:
    """Saving costs nothing while nothing changes."""
    path = tmp_path / "processes.json"
    noted = ProcessRecords(path, tmp_path)
    noted.add("ingest", os.getpid())
    path.unlink()
    noted.save()
    assert not path.exists()


def test_a_process_that_has_ended_already_is_not_recorded(tmp_path: Path) -> None:
    """There is nothing to find again."""
    noted = ProcessRecords(tmp_path / "processes.json", tmp_path)
    noted.add("ingest", 2**22 + 1)
    noted.save()
    assert records.read(tmp_path / "processes.json") == {}
