"""The generated passwords are random, private and permanent."""

import stat
from pathlib import Path

import pytest

from event_platform.core.errors import ConfigurationError
from event_platform.local.state_dir import password_file


def test_passwords_are_random_and_private(tmp_path: Path) -> None:
    """Only their owner can read them, and they never change."""
    path = tmp_path / "secrets.json"
    made = password_file.read_or_create(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert password_file.read_or_create(path) == made
    assert password_file.read_or_create(tmp_path / "others.json") != made
    assert len({made.redis, made.postgres_superuser, made.postgres_service, made.postgres_reader}) == 4


def test_damaged_passwords_are_reported(tmp_path: Path) -> None:
    """In one sentence, and the file stays as it is: other passwords would not open the servers' data."""
    path = tmp_path / "secrets.json"
    path.write_text("")
    with pytest.raises(ConfigurationError, match=r"secrets\.json is damaged.*down --purge"):
        password_file.read_or_create(path)
    assert path.read_text() == ""
