"""Servers' directories are reachable for their account and private to their owner."""

import os
import shutil
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from event_platform.core.errors import ConfigurationError
from event_platform.local.state_dir import directory, lock, marker, password_file
from event_platform.local.state_dir.directory import StateDirectory
from event_platform.local.state_dir.os_account import ServerAccount

NOBODY = ServerAccount(65534, 65534)


def test_a_binary_out_of_reach_is_copied_once(tmp_path: Path) -> None:
    """An account that cannot enter the directory gets a copy; the directory's mode stays."""
    hidden = tmp_path / "hidden"
    (hidden / "bin").mkdir(parents=True)
    (hidden / "bin" / "server").write_text("binary")
    hidden.chmod(0o700)
    servers = tmp_path / "servers"
    state_dir = StateDirectory(tmp_path / "home", servers, NOBODY)
    copy = state_dir.accessible_copy(hidden, ("bin",), "1.0")
    assert copy.is_relative_to(servers)
    assert (copy / "bin" / "server").read_text() == "binary"
    assert stat.S_IMODE(hidden.stat().st_mode) == 0o700
    (copy / "bin" / "server").write_text("kept")
    assert (state_dir.accessible_copy(hidden, ("bin",), "1.0") / "bin" / "server").read_text() == "kept"


def test_an_interrupted_copy_is_repeated(tmp_path: Path) -> None:
    """A partial copy is never run."""
    hidden = tmp_path / "hidden"
    (hidden / "bin").mkdir(parents=True)
    (hidden / "bin" / "server").write_text("binary")
    hidden.chmod(0o700)
    state_dir = StateDirectory(tmp_path / "home", tmp_path / "servers", NOBODY)
    half = tmp_path / "servers" / "binaries" / "hidden-1.0" / "bin"
    half.mkdir(parents=True)
    (half / "server").write_text("bin")
    assert (state_dir.accessible_copy(hidden, ("bin",), "1.0") / "bin" / "server").read_text() == "binary"


def test_without_a_separate_account_nothing_is_copied(tmp_path: Path) -> None:
    """An ordinary user's servers run where they are installed."""
    assert StateDirectory(tmp_path, tmp_path, None).accessible_copy(tmp_path, ("bin",), "1.0") == tmp_path


@pytest.mark.skipif(os.geteuid() != 0, reason="only root's servers run as someone else")
def test_data_of_root_lies_where_nobody_can_reach_it(tmp_path: Path) -> None:
    """Outside a 0700 home; otherwise it stays in the state directory."""
    tmp_path.chmod(0o700)
    assert directory.locate(tmp_path / "home").server_data.is_relative_to("/var/lib/event-platform")
    assert directory.locate(Path("/srv/platform")).server_data == Path("/srv/platform")


def test_locating_a_state_directory_creates_nothing(tmp_path: Path) -> None:
    """`status` and `down` leave no traces."""
    directory.locate(tmp_path / "home")
    assert list(tmp_path.iterdir()) == []


def test_a_directory_that_cannot_be_created_is_named(tmp_path: Path) -> None:
    """With the setting that chooses it."""
    (tmp_path / "file").touch()
    home = tmp_path / "file" / "home"
    with pytest.raises(ConfigurationError, match="EVENT_PLATFORM_HOME="):
        StateDirectory(home, home, None).create()


def test_a_directory_with_other_files_is_refused(tmp_path: Path) -> None:
    """Nothing is written to it, and the error says what to do."""
    home = tmp_path / "home"
    (home / "kafka").mkdir(parents=True)
    state_dir = StateDirectory(home, home, None)
    with pytest.raises(ConfigurationError, match=r"not empty.*name a new or an empty directory"):
        state_dir.create()
    assert [path.name for path in home.iterdir()] == ["kafka"]


def test_a_directory_from_before_markers_is_marked(tmp_path: Path) -> None:
    """Whatever else it holds: its data is used, and only the marker is added."""
    home = tmp_path / "home"
    (home / "postgres").mkdir(parents=True)
    (home / "README").write_text("mine")
    passwords = password_file.read_or_create(home / "secrets.json")
    state_dir = StateDirectory(home, home, None)
    state_dir.create()
    assert marker.is_marked(home)
    assert password_file.read_or_create(state_dir.passwords_file) == passwords
    assert (home / "README").read_text() == "mine"


def test_a_copy_of_a_platform_is_taken_over(tmp_path: Path) -> None:
    """As when a backup is restored elsewhere: from then on it is a state directory of its own."""
    home, copy = tmp_path / "home", tmp_path / "copy"
    StateDirectory(home, home, None).create()
    password_file.read_or_create(home / "secrets.json")
    shutil.copytree(home, copy)
    StateDirectory(copy, copy, None).create()
    assert marker.is_marked(copy)
    assert marker.is_marked(home)


def test_the_marker_is_written_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where it cannot be written nothing else is, and the next start may use the directory."""
    home = tmp_path / "home"
    state_dir = StateDirectory(home, home, None)

    def full(_folder: Path) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(marker, "write", full)
        with pytest.raises(ConfigurationError, match="No space left on device"):
            state_dir.create()
    assert list(home.iterdir()) == []
    state_dir.create()
    assert marker.is_marked(home)


def test_a_path_that_is_not_utf_8_is_refused(tmp_path: Path) -> None:
    """Process records and the socket's path could not hold it."""
    home = tmp_path / os.fsdecode(b"\xff")
    with pytest.raises(ConfigurationError, match=r"expected a path in UTF-8"):
        StateDirectory(home, home, None).create()


@contextmanager
def as_another_user() -> Iterator[None]:
    """Let root, who may open everything, see what other users see."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(NOBODY.uid)
    try:
        yield
    finally:
        os.seteuid(0)


def test_an_inaccessible_state_directory_is_reported(tmp_path: Path) -> None:
    """`up` after another user's `up` says so in a sentence."""
    state_dir = StateDirectory(tmp_path / "home", tmp_path / "home", None)
    state_dir.create()
    state_dir.home.chmod(0)
    with as_another_user(), pytest.raises(ConfigurationError, match="EVENT_PLATFORM_HOME="):
        lock.is_held(state_dir.lock_file)
    with as_another_user(), pytest.raises(ConfigurationError, match="EVENT_PLATFORM_HOME="):
        state_dir.create()
    state_dir.home.chmod(0o700)
