"""A folder is known as ours by its marker, and by nothing that could be anybody's."""

import json
import shutil
from pathlib import Path

import pytest

from event_platform.local.state_dir import marker, password_file

PORTS = {"postgres": 5432, "redis": 6379, "kafka": 9092, "kafka_controller": 9093}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with its marker."""
    made = tmp_path / "made"
    made.mkdir()
    marker.mark(made)
    return made


def test_a_marker_says_what_it_is(folder: Path) -> None:
    """To a person who finds it."""
    text = (folder / marker.NAME).read_text()
    assert "event-platform down --purge" in text
    assert str(folder) in text


def test_a_moved_folder_keeps_its_marker(folder: Path, tmp_path: Path) -> None:
    """Under its new name, and through a link to it."""
    moved = folder.rename(tmp_path / "moved")
    (tmp_path / "link").symlink_to(moved)
    assert marker.is_marked(moved)
    assert marker.is_marked(tmp_path / "link")


def test_a_restored_folder_keeps_its_marker(folder: Path, tmp_path: Path) -> None:
    """In its place, though it is another one for the disk."""
    lost = folder.rename(tmp_path / "lost")
    shutil.copytree(lost, folder)
    assert marker.is_marked(folder)


def test_a_marker_that_came_with_a_copy_proves_nothing(folder: Path, tmp_path: Path) -> None:
    """As from a repository or an archive, into a folder that is somebody else's."""
    copied = Path(shutil.copytree(folder, tmp_path / "copied"))
    assert marker.read(copied)
    assert not marker.is_marked(copied)


@pytest.mark.parametrize("content", ["", "{}", "[]", "{", "made by hand"])
def test_another_file_of_that_name_is_no_marker(tmp_path: Path, content: str) -> None:
    """As a full disk leaves one, or a person who wants to help."""
    (tmp_path / marker.NAME).write_text(content)
    assert not marker.is_marked(tmp_path)


def test_a_link_is_no_marker(folder: Path, tmp_path: Path) -> None:
    """Nor is a folder of that name."""
    (tmp_path / marker.NAME).symlink_to(folder / marker.NAME)
    assert not marker.is_marked(tmp_path)
    inner = folder / "inner"
    (inner / marker.NAME).mkdir(parents=True)
    assert not marker.is_marked(inner)


def test_what_a_start_that_was_broken_off_left_is_nothing(tmp_path: Path) -> None:
    """The next one may use the folder, as it may a disk that was just mounted."""
    (tmp_path / marker.NAME).touch()
    (tmp_path / f"{marker.NAME}.4711").touch()
    (tmp_path / "lost+found").mkdir()
    assert marker.holds_nothing(tmp_path)
    marker.mark(tmp_path)
    assert marker.is_marked(tmp_path)


def test_an_earlier_versions_folder_is_known(tmp_path: Path) -> None:
    """By its passwords, its ports, or the name that a processor keeps; nothing else of that name is enough."""
    for name in ("passwords", "ports", "processor", "foreign"):
        (tmp_path / name).mkdir()
    password_file.read_or_make(tmp_path / "passwords" / "secrets.json")
    (tmp_path / "ports" / "ports.json").write_text(json.dumps(PORTS))
    (tmp_path / "processor" / "processor").mkdir()
    (tmp_path / "processor" / "processor" / "worker-id").write_text("0123456789abcdef" * 2)
    (tmp_path / "foreign" / "secrets.json").write_text('{"redis": "mine"}')
    (tmp_path / "foreign" / "ports.json").write_text('{"postgres": 5432}')
    (tmp_path / "foreign" / "processor").mkdir()
    known = {path.name for path in tmp_path.iterdir() if marker.holds_platform(path)}
    assert known == {"passwords", "ports", "processor"}


def test_a_processors_name_beside_other_things_is_not_enough(tmp_path: Path) -> None:
    """It was run in somebody's folder."""
    (tmp_path / "processor").mkdir()
    (tmp_path / "processor" / "worker-id").write_text("0123456789abcdef" * 2)
    (tmp_path / "kafka").mkdir()
    assert not marker.holds_platform(tmp_path)
