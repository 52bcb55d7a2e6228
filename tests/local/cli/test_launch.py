"""Starting the supervisor in the background: when that is over, for good or not, nothing of it is still under way."""

import sys
from pathlib import Path

import pytest

from event_platform.core.errors import UnavailableError
from event_platform.local.cli import launch
from event_platform.local.state_dir import directory

FAILS_AND_ENDS_LATER = """
import os, pathlib, sys, time
os.write(int(sys.argv[1]), b'{"kind": "failed", "text": "no room"}\\n')
os.close(int(sys.argv[1]))
time.sleep(1)
pathlib.Path("ended").touch()
"""


def test_a_failed_start_is_over_when_it_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A supervisor that has said why it fails still ends: whoever starts the next one at once does not meet it."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(launch, "_COMMAND", (sys.executable, "-c", FAILS_AND_ENDS_LATER))
    found = directory.find(tmp_path / "home")
    found.create()
    with pytest.raises(UnavailableError, match="no room"):
        launch.in_background(found, print)
    assert (tmp_path / "ended").exists()
