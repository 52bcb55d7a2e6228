"""`down --purge` removes what the platform made, and nothing else."""

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.fixtures.disks import Disk
from tests.fixtures.shell import Shell

from event_platform.core.errors import ConfigurationError, UnavailableError
from event_platform.local.cli.purge import purge
from event_platform.local.state_dir import directory, lock, marker, password_file
from event_platform.local.state_dir.directory import StateDirectory

OF_OURS = ("logs/app.log", "kafka/data/0.log", "processor/worker-id", "postgres/data/PG_VERSION", "redis/redis.conf")


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A state directory; it does not exist yet."""
    return tmp_path / "home"


def fill(folder: Path, *names: str) -> dict[str, str]:
    """Create files and their directories; return what `contents` then finds."""
    for name in names or OF_OURS:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"content of {name}")
    return contents(folder)


def contents(folder: Path) -> dict[str, str]:
    """Names and contents of all files below a directory."""
    return {str(path.relative_to(folder)): path.read_text() for path in folder.rglob("*") if path.is_file()}


def down(folder: Path, home: str) -> subprocess.CompletedProcess[str]:
    """Run `event-platform down --purge` in ``folder``."""
    return Shell(folder, {"EVENT_PLATFORM_HOME": home}).run("down", "--purge")


def test_only_the_platforms_files_are_removed(home: Path) -> None:
    """A file of the user's in the state directory stays, and with it the directory."""
    state_dir = StateDirectory(home, home, None)
    state_dir.create()
    (state_dir.data_directory("kafka") / "data").mkdir(parents=True)
    password_file.read_or_create(state_dir.passwords_file)
    state_dir.ports_file.touch()
    (home / "notes.txt").write_text("mine")
    purge(state_dir)
    assert [path.name for path in home.iterdir()] == ["notes.txt"]


def test_an_empty_state_directory_is_removed(home: Path, tmp_path: Path) -> None:
    """Nothing is left of a platform that was alone in its directory."""
    state_dir = StateDirectory(home, tmp_path / "servers", None)
    state_dir.create()
    password_file.read_or_create(state_dir.passwords_file)
    assert purge(state_dir)
    assert list(tmp_path.iterdir()) == []
    assert not purge(state_dir)


def test_purging_a_platform_that_was_never_started_is_no_error(tmp_path: Path) -> None:
    """There is nothing to remove."""
    assert not purge(StateDirectory(tmp_path / "home", tmp_path / "servers", None))


@pytest.mark.parametrize(
    "named",
    ["{home}", "{home}/", "home", "./home", "../{parent}/home", "home/../home", "home/logs/..", "-a home\n of  mine"],
)
def test_an_unmarked_directory_stays_as_it_is(tmp_path: Path, named: str) -> None:
    """Whatever it contains and however its path is written; one sentence says that the marker is missing."""
    home = tmp_path / ("home" if "home\n" not in named else named)
    before = fill(home, *OF_OURS, "processes.json", "control", "secrets.json", "supervisor.lock")
    done = down(tmp_path, named.format(home=home, parent=tmp_path.name))
    assert contents(home) == before
    assert done.returncode == 1
    assert "nothing was removed" in done.stderr
    assert marker.FILE_NAME in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("named", ["", "."])
def test_the_working_directory_stays_as_it_is(tmp_path: Path, named: str) -> None:
    """A project with directories named like ours; an empty setting counts as unset."""
    before = fill(tmp_path)
    down(tmp_path, named)
    assert contents(tmp_path) == before


@pytest.mark.parametrize(
    "named", ["/", "/var", "~", "..", "/nowhere/at/all", "/dev/null", "\udcff", "file", "dangling"]
)
def test_unusual_paths_are_left_alone(tmp_path: Path, named: str) -> None:
    """Without a traceback."""
    inner = tmp_path / "inner"
    before = fill(inner)
    (inner / "file").write_text("mine")
    (inner / "dangling").symlink_to(tmp_path / "nothing")
    done = down(inner, str(Path(named).expanduser()))
    assert "Traceback" not in done.stderr
    assert "data, passwords" not in done.stdout
    assert contents(inner) == before | {"file": "mine"}


def test_links_are_removed_and_not_followed(home: Path, tmp_path: Path) -> None:
    """Their targets are somebody else's."""
    before = fill(tmp_path / "other")
    state_dir = StateDirectory(home, home, None)
    state_dir.create()
    (home / "kafka").symlink_to(tmp_path / "other" / "kafka")
    (home / "redis").mkdir()
    (home / "redis" / "data").symlink_to(tmp_path / "other")
    shutil.rmtree(home / "logs")
    (home / "logs").symlink_to(tmp_path / "other" / "logs")
    assert purge(state_dir)
    assert not home.exists()
    assert contents(tmp_path / "other") == before


def test_a_state_directory_behind_a_link_is_emptied(home: Path, tmp_path: Path) -> None:
    """The platform did not make the link, so it stays."""
    (tmp_path / "disk").mkdir()
    home.symlink_to(tmp_path / "disk")
    state_dir = StateDirectory(home, home, None)
    state_dir.create()
    fill(home, "kafka/data/0.log")
    assert purge(state_dir)
    assert home.is_symlink()
    assert list(home.iterdir()) == []


def test_another_platforms_directory_inside_stays(home: Path) -> None:
    """Even inside a directory of ours; the error says so, and the purge can be repeated once it is gone."""
    outer, inner = (
        StateDirectory(home, home, None),
        StateDirectory(home / "kafka" / "inner", home / "kafka" / "inner", None),
    )
    outer.create()
    inner.create()
    before = fill(inner.home, "kafka/data/0.log")
    with pytest.raises(UnavailableError, match="another platform's state directory"):
        purge(outer)
    assert contents(inner.home) == before
    assert purge(inner)
    assert purge(outer)
    assert not home.exists()


def test_a_disk_that_is_mounted_inside_stays(home: Path, disk: Disk) -> None:
    """It may hold anything."""
    state_dir = StateDirectory(home, home, None)
    state_dir.create()
    (home / "postgres" / "data").mkdir(parents=True)
    with disk.mounted(home / "postgres" / "data", "1m"):
        before = fill(home / "postgres" / "data", "mine")
        with pytest.raises(UnavailableError, match="is mounted there"):
            purge(state_dir)
        assert contents(home / "postgres" / "data") == before
    assert purge(state_dir)


def test_a_copied_marker_permits_nothing(home: Path, tmp_path: Path) -> None:
    """Neither among somebody's own files nor in a copy of a whole platform, which may be a backup."""
    state_dir = StateDirectory(home, home, None)
    state_dir.create()
    password_file.read_or_create(state_dir.passwords_file)
    other = tmp_path / "other"
    fill(other)
    shutil.copy(home / marker.FILE_NAME, other)
    for folder in (other, Path(shutil.copytree(home, tmp_path / "backup"))):
        before = contents(folder)
        with pytest.raises(ConfigurationError, match=f"carries the marker of {home}"):
            purge(StateDirectory(folder, folder, None))
        assert contents(folder) == before


def test_a_failed_purge_names_what_is_left_and_can_be_repeated(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The rest is removed, and the marker stays until everything is gone."""
    state_dir = StateDirectory(home, home, None)
    state_dir.create()
    fill(home, "kafka/data/0.log", "redis/redis.conf")

    def refuse(path: Path) -> None:
        raise PermissionError(13, "Permission denied", str(path))

    with monkeypatch.context() as patch:
        patch.setattr("event_platform.local.cli.purge.shutil.rmtree", refuse)
        with pytest.raises(UnavailableError, match=r"redis was left: .*Permission denied.*kafka was left"):
            purge(state_dir)
    assert marker.is_marked(home)
    assert purge(state_dir)
    assert not home.exists()


def test_a_running_platform_is_not_purged(home: Path) -> None:
    """It was started meanwhile."""
    state_dir = StateDirectory(home, home, None)
    state_dir.create()
    with (
        lock.acquire(state_dir.lock_file) or pytest.fail("locked already"),
        pytest.raises(UnavailableError, match="runs"),
    ):
        purge(state_dir)
    assert marker.is_marked(home)


@pytest.fixture
def from_before_markers(home: Path) -> StateDirectory:
    """A state directory of a version that wrote no marker."""
    home.mkdir()
    password_file.read_or_create(home / "secrets.json")
    (home / "ports.json").write_text(
        json.dumps({"postgres": 5432, "redis": 6379, "kafka": 9092, "kafka_controller": 9093})
    )
    fill(home, "kafka/data/0.log", "logs/ingest.log", "supervisor.lock", "processor/worker-id")
    return StateDirectory(home, home, None)


def test_a_directory_from_before_markers_is_purged(from_before_markers: StateDirectory) -> None:
    """Where it holds nothing else."""
    assert purge(from_before_markers)
    assert not from_before_markers.home.exists()


def test_a_directory_from_before_markers_with_other_files_is_marked_first(from_before_markers: StateDirectory) -> None:
    """Some of them may be the user's, who decides by `up`."""
    (from_before_markers.home / "README").write_text("mine")
    with pytest.raises(ConfigurationError, match="mark it by `event-platform up`"):
        purge(from_before_markers)
    from_before_markers.create()
    assert purge(from_before_markers)
    assert contents(from_before_markers.home) == {"README": "mine"}


@pytest.fixture
def separate(tmp_path: Path) -> Iterator[StateDirectory]:
    """Root's state directory inside a directory that ``nobody`` cannot enter."""
    if os.geteuid() != 0:
        pytest.skip("only root's servers have their data elsewhere")
    tmp_path.chmod(0o700)
    state_dir = directory.locate(tmp_path / "home")
    yield state_dir
    shutil.rmtree(state_dir.server_data, ignore_errors=True)


def test_separate_server_data_of_root_is_removed(separate: StateDirectory) -> None:
    """Both directories carry a marker, and nothing is left."""
    separate.create()
    fill(separate.server_data, "kafka/data/0.log")
    assert all(map(marker.is_marked, (separate.home, separate.server_data)))
    assert purge(separate)
    assert not separate.home.exists()
    assert not separate.server_data.exists()
