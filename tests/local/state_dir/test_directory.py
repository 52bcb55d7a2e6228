"""Where things lie: reachable for the servers' account, private to their owner."""

import os
import shutil
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from event_platform.core.errors import ConfigurationError
from event_platform.local.state_dir import directory, lock, marker, password_file
from event_platform.local.state_dir.directory import Account, Place

NOBODY = Account(65534, 65534)


def test_a_binary_out_of_reach_is_copied_once(tmp_path: Path) -> None:
    """An account that may not enter the folder gets a copy that it may; the folder's mode stays."""
    hidden = tmp_path / "hidden"
    (hidden / "bin").mkdir(parents=True)
    (hidden / "bin" / "server").write_text("binary")
    hidden.chmod(0o700)
    servers = tmp_path / "servers"
    found = Place(tmp_path / "home", servers, NOBODY)
    copy = found.reachable(hidden, ("bin",), "1.0")
    assert copy.is_relative_to(servers)
    assert (copy / "bin" / "server").read_text() == "binary"
    assert stat.S_IMODE(hidden.stat().st_mode) == 0o700
    (copy / "bin" / "server").write_text("kept")
    assert (found.reachable(hidden, ("bin",), "1.0") / "bin" / "server").read_text() == "kept"


def test_a_copy_that_was_broken_off_is_made_again(tmp_path: Path) -> None:
    """Half a copy is never run."""
    hidden = tmp_path / "hidden"
    (hidden / "bin").mkdir(parents=True)
    (hidden / "bin" / "server").write_text("binary")
    hidden.chmod(0o700)
    found = Place(tmp_path / "home", tmp_path / "servers", NOBODY)
    half = tmp_path / "servers" / "binaries" / "hidden-1.0" / "bin"
    half.mkdir(parents=True)
    (half / "server").write_text("bin")
    assert (found.reachable(hidden, ("bin",), "1.0") / "bin" / "server").read_text() == "binary"


def test_without_an_account_of_its_own_nothing_is_copied(tmp_path: Path) -> None:
    """An ordinary user's servers run where they are installed."""
    assert Place(tmp_path, tmp_path, None).reachable(tmp_path, ("bin",), "1.0") == tmp_path


@pytest.mark.skipif(os.geteuid() != 0, reason="only root's servers run as someone else")
def test_roots_data_lies_where_nobody_can_reach_it(tmp_path: Path) -> None:
    """Not under a 0700 home; elsewhere it stays in the state folder."""
    tmp_path.chmod(0o700)
    assert directory.find(tmp_path / "home").servers.is_relative_to("/var/lib/event-platform")
    assert directory.find(Path("/srv/platform")).servers == Path("/srv/platform")


def test_looking_for_a_place_creates_nothing(tmp_path: Path) -> None:
    """`status` and `down` leave no traces."""
    directory.find(tmp_path / "home")
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_is_named(tmp_path: Path) -> None:
    """With the setting that chooses it."""
    (tmp_path / "file").touch()
    home = tmp_path / "file" / "home"
    with pytest.raises(ConfigurationError, match="EVENT_PLATFORM_HOME="):
        Place(home, home, None).create()


def test_a_folder_with_something_else_is_refused(tmp_path: Path) -> None:
    """Nothing is put into it, and what to do is said in a sentence."""
    home = tmp_path / "home"
    (home / "kafka").mkdir(parents=True)
    found = Place(home, home, None)
    with pytest.raises(ConfigurationError, match=r"not empty.*name a new or an empty folder"):
        found.create()
    assert [path.name for path in home.iterdir()] == ["kafka"]


def test_an_earlier_versions_folder_is_marked(tmp_path: Path) -> None:
    """Whatever else is in it: its data is used, and nothing changes but that it has a marker."""
    home = tmp_path / "home"
    (home / "postgres").mkdir(parents=True)
    (home / "README").write_text("mine")
    passwords = password_file.read_or_make(home / "secrets.json")
    found = Place(home, home, None)
    found.create()
    assert marker.is_marked(home)
    assert password_file.read_or_make(found.secrets) == passwords
    assert (home / "README").read_text() == "mine"


def test_a_copy_of_a_platform_is_taken_over(tmp_path: Path) -> None:
    """As when a backup is restored elsewhere: from then on it is a folder of its own."""
    home, copy = tmp_path / "home", tmp_path / "copy"
    Place(home, home, None).create()
    password_file.read_or_make(home / "secrets.json")
    shutil.copytree(home, copy)
    Place(copy, copy, None).create()
    assert marker.is_marked(copy)
    assert marker.is_marked(home)


def test_the_marker_comes_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where it cannot be written nothing else is, and the next start may use the folder."""
    home = tmp_path / "home"
    found = Place(home, home, None)

    def full(_folder: Path) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(marker, "mark", full)
        with pytest.raises(ConfigurationError, match="No space left on device"):
            found.create()
    assert list(home.iterdir()) == []
    found.create()
    assert marker.is_marked(home)


def test_a_path_that_is_no_text_is_refused(tmp_path: Path) -> None:
    """Records and sockets could not name it."""
    home = tmp_path / os.fsdecode(b"\xff")
    with pytest.raises(ConfigurationError, match=r"expected a path in UTF-8"):
        Place(home, home, None).create()


@contextmanager
def as_another_user() -> Iterator[None]:
    """For root, who may open everything, to see what others see."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(NOBODY.uid)
    try:
        yield
    finally:
        os.seteuid(0)


def test_a_state_folder_that_is_closed_to_us_is_told(tmp_path: Path) -> None:
    """`up` after another user's `up` says so in a sentence."""
    found = Place(tmp_path / "home", tmp_path / "home", None)
    found.create()
    found.home.chmod(0)
    with as_another_user(), pytest.raises(ConfigurationError, match="EVENT_PLATFORM_HOME="):
        lock.is_held(found.lock)
    with as_another_user(), pytest.raises(ConfigurationError, match="EVENT_PLATFORM_HOME="):
        found.create()
    found.home.chmod(0o700)
