"""Every test of the settings starts without any."""

from pathlib import Path

import pytest

from event_platform.core.settings.model import Settings
from event_platform.core.settings.names import accepted_names


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty current folder, and an environment without settings."""
    for name in accepted_names(Settings.model_fields):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)
    return tmp_path
