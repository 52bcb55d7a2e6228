"""When starting in the background is over, successfully or not, nothing of it is still under way."""

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


def test_a_failed_start_returns_after_the_supervisor_has_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A supervisor reports its failure before it ends; whoever starts the next one at once must not meet it."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(launch, "_COMMAND", (sys.executable, "-c", FAILS_AND_ENDS_LATER))
    state_dir = directory.locate(tmp_path / "home")
    state_dir.create()
    with pytest.raises(UnavailableError, match="no room"):
        launch.start_in_background(state_dir, print)
    assert (tmp_path / "ended").exists()
