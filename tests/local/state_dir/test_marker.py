"""A directory is recognised as the platform's by its marker, and by nothing that anybody could have made."""

import json
import shutil
from pathlib import Path

import pytest

from event_platform.local.state_dir import marker, password_file

PORTS = {"postgres": 5432, "redis": 6379, "kafka": 9092, "kafka_controller": 9093}


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    """A directory with its marker."""
    made = tmp_path / "made"
    made.mkdir()
    marker.write(made)
    return made


def test_a_marker_explains_itself(directory: Path) -> None:
    """To a person who finds it."""
    text = (directory / marker.FILE_NAME).read_text()
    assert "event-platform down --purge" in text
    assert str(directory) in text


def test_a_moved_directory_keeps_its_marker(directory: Path, tmp_path: Path) -> None:
    """Under its new name, and through a link to it."""
    moved = directory.rename(tmp_path / "moved")
    (tmp_path / "link").symlink_to(moved)
    assert marker.is_marked(moved)
    assert marker.is_marked(tmp_path / "link")


def test_a_restored_directory_keeps_its_marker(directory: Path, tmp_path: Path) -> None:
    """At its old path, although the inode is another one."""
    lost = directory.rename(tmp_path / "lost")
    shutil.copytree(lost, directory)
    assert marker.is_marked(directory)


def test_a_copied_marker_is_invalid(directory: Path, tmp_path: Path) -> None:
    """As from a repository or an archive that was unpacked into somebody else's directory."""
    copied = Path(shutil.copytree(directory, tmp_path / "copied"))
    assert marker.read(copied)
    assert not marker.is_marked(copied)


@pytest.mark.parametrize("content", ["", "{}", "[]", "{", "made by hand"])
def test_a_malformed_marker_is_invalid(tmp_path: Path, content: str) -> None:
    """As a full disk leaves one, or a person who wants to help."""
    (tmp_path / marker.FILE_NAME).write_text(content)
    assert not marker.is_marked(tmp_path)


def test_a_link_or_a_directory_is_not_a_marker(directory: Path, tmp_path: Path) -> None:
    """Only a regular file counts."""
    (tmp_path / marker.FILE_NAME).symlink_to(directory / marker.FILE_NAME)
    assert not marker.is_marked(tmp_path)
    inner = directory / "inner"
    (inner / marker.FILE_NAME).mkdir(parents=True)
    assert not marker.is_marked(inner)


def test_an_unfinished_marker_counts_as_nothing(tmp_path: Path) -> None:
    """The next start may use the directory, as it may use a newly mounted disk."""
    (tmp_path / marker.FILE_NAME).touch()
    (tmp_path / f"{marker.FILE_NAME}.4711").touch()
    (tmp_path / "lost+found").mkdir()
    assert marker.is_empty(tmp_path)
    marker.write(tmp_path)
    assert marker.is_marked(tmp_path)


def test_a_directory_from_before_markers_is_recognised(tmp_path: Path) -> None:
    """By its passwords, its ports, or a processor's worker id; other files of those names are not enough."""
    for name in ("passwords", "ports", "processor", "foreign"):
        (tmp_path / name).mkdir()
    password_file.read_or_create(tmp_path / "passwords" / "secrets.json")
    (tmp_path / "ports" / "ports.json").write_text(json.dumps(PORTS))
    (tmp_path / "processor" / "processor").mkdir()
    (tmp_path / "processor" / "processor" / "worker-id").write_text("0123456789abcdef" * 2)
    (tmp_path / "foreign" / "secrets.json").write_text('{"redis": "mine"}')
    (tmp_path / "foreign" / "ports.json").write_text('{"postgres": 5432}')
    (tmp_path / "foreign" / "processor").mkdir()
    known = {path.name for path in tmp_path.iterdir() if marker.has_platform_files(path)}
    assert known == {"passwords", "ports", "processor"}


def test_a_worker_id_beside_other_files_is_not_enough(tmp_path: Path) -> None:
    """The processor was run in somebody's own directory."""
    (tmp_path / "processor").mkdir()
    (tmp_path / "processor" / "worker-id").write_text("0123456789abcdef" * 2)
    (tmp_path / "kafka").mkdir()
    assert not marker.has_platform_files(tmp_path)
