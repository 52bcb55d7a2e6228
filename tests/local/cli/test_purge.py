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
from event_platform.local.state_dir.directory import Place

OF_OURS = ("logs/app.log", "kafka/data/0.log", "processor/worker-id", "postgres/data/PG_VERSION", "redis/redis.conf")


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A state folder; it does not exist yet."""
    return tmp_path / "home"


def fill(folder: Path, *names: str) -> dict[str, str]:
    """Make files, and folders for them; what `contents` then finds."""
    for name in names or OF_OURS:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"content of {name}")
    return contents(folder)


def contents(folder: Path) -> dict[str, str]:
    """Every file below a folder."""
    return {str(path.relative_to(folder)): path.read_text() for path in folder.rglob("*") if path.is_file()}


def down(folder: Path, home: str) -> subprocess.CompletedProcess[str]:
    """`event-platform down --purge` in ``folder``."""
    return Shell(folder, {"EVENT_PLATFORM_HOME": home}).run("down", "--purge")


def test_only_what_is_ours_is_removed(home: Path) -> None:
    """A file of the user's in the state folder stays, and so does the folder then."""
    found = Place(home, home, None)
    found.create()
    (found.folder_of("kafka") / "data").mkdir(parents=True)
    password_file.read_or_make(found.secrets)
    found.ports.touch()
    (home / "notes.txt").write_text("mine")
    purge(found)
    assert [path.name for path in home.iterdir()] == ["notes.txt"]


def test_an_empty_state_folder_goes_too(home: Path, tmp_path: Path) -> None:
    """Nothing is left of a platform that was alone in its folder."""
    found = Place(home, tmp_path / "servers", None)
    found.create()
    password_file.read_or_make(found.secrets)
    assert purge(found)
    assert list(tmp_path.iterdir()) == []
    assert not purge(found)


def test_purging_what_was_never_started_is_no_error(tmp_path: Path) -> None:
    """There is nothing to remove."""
    assert not purge(Place(tmp_path / "home", tmp_path / "servers", None))


@pytest.mark.parametrize(
    "named",
    ["{home}", "{home}/", "home", "./home", "../{parent}/home", "home/../home", "home/logs/..", "-a home\n of  mine"],
)
def test_a_folder_that_never_held_a_platform_stays_as_it_is(tmp_path: Path, named: str) -> None:
    """Whatever is in it, and however it is named; that is said in a sentence, with what is missing."""
    home = tmp_path / ("home" if "home\n" not in named else named)
    before = fill(home, *OF_OURS, "processes.json", "control", "secrets.json", "supervisor.lock")
    told = down(tmp_path, named.format(home=home, parent=tmp_path.name))
    assert contents(home) == before
    assert told.returncode == 1
    assert "nothing was removed" in told.stderr
    assert marker.NAME in told.stderr
    assert "Traceback" not in told.stderr


@pytest.mark.parametrize("named", ["", "."])
def test_the_working_folder_stays_as_it_is(tmp_path: Path, named: str) -> None:
    """A project with folders that are named like ours; an empty setting is none."""
    before = fill(tmp_path)
    down(tmp_path, named)
    assert contents(tmp_path) == before


@pytest.mark.parametrize(
    "named", ["/", "/var", "~", "..", "/nowhere/at/all", "/dev/null", "\udcff", "file", "dangling"]
)
def test_odd_places_are_left_alone(tmp_path: Path, named: str) -> None:
    """Without a trace of the program that failed."""
    inner = tmp_path / "inner"
    before = fill(inner)
    (inner / "file").write_text("mine")
    (inner / "dangling").symlink_to(tmp_path / "nothing")
    told = down(inner, str(Path(named).expanduser()))
    assert "Traceback" not in told.stderr
    assert "data, passwords" not in told.stdout
    assert contents(inner) == before | {"file": "mine"}


def test_links_are_removed_and_not_followed(home: Path, tmp_path: Path) -> None:
    """What they lead to is somebody else's."""
    before = fill(tmp_path / "other")
    found = Place(home, home, None)
    found.create()
    (home / "kafka").symlink_to(tmp_path / "other" / "kafka")
    (home / "redis").mkdir()
    (home / "redis" / "data").symlink_to(tmp_path / "other")
    shutil.rmtree(home / "logs")
    (home / "logs").symlink_to(tmp_path / "other" / "logs")
    assert purge(found)
    assert not home.exists()
    assert contents(tmp_path / "other") == before


def test_a_state_folder_behind_a_link_is_emptied(home: Path, tmp_path: Path) -> None:
    """The link was not made by us, and stays."""
    (tmp_path / "disk").mkdir()
    home.symlink_to(tmp_path / "disk")
    found = Place(home, home, None)
    found.create()
    fill(home, "kafka/data/0.log")
    assert purge(found)
    assert home.is_symlink()
    assert list(home.iterdir()) == []


def test_another_platforms_folder_inside_stays(home: Path) -> None:
    """Even where it lies in a folder that is ours; that is said, and the purge can be done again without it."""
    outer, inner = Place(home, home, None), Place(home / "kafka" / "inner", home / "kafka" / "inner", None)
    outer.create()
    inner.create()
    before = fill(inner.home, "kafka/data/0.log")
    with pytest.raises(UnavailableError, match="another platform's state folder"):
        purge(outer)
    assert contents(inner.home) == before
    assert purge(inner)
    assert purge(outer)
    assert not home.exists()


def test_a_disk_that_is_mounted_inside_stays(home: Path, disk: Disk) -> None:
    """It may hold anything."""
    found = Place(home, home, None)
    found.create()
    (home / "postgres" / "data").mkdir(parents=True)
    with disk.mounted(home / "postgres" / "data", "1m"):
        before = fill(home / "postgres" / "data", "mine")
        with pytest.raises(UnavailableError, match="is mounted there"):
            purge(found)
        assert contents(home / "postgres" / "data") == before
    assert purge(found)


def test_a_copied_marker_gives_no_leave(home: Path, tmp_path: Path) -> None:
    """Neither among another's files nor in a copy of a whole platform, which may be someone's backup."""
    found = Place(home, home, None)
    found.create()
    password_file.read_or_make(found.secrets)
    other = tmp_path / "other"
    fill(other)
    shutil.copy(home / marker.NAME, other)
    for folder in (other, Path(shutil.copytree(home, tmp_path / "backup"))):
        before = contents(folder)
        with pytest.raises(ConfigurationError, match=f"carries the marker of {home}"):
            purge(Place(folder, folder, None))
        assert contents(folder) == before


def test_what_cannot_be_removed_is_named_and_can_be_removed_later(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The rest goes, and the marker stays until all of it has gone."""
    found = Place(home, home, None)
    found.create()
    fill(home, "kafka/data/0.log", "redis/redis.conf")

    def refuse(path: Path) -> None:
        raise PermissionError(13, "Permission denied", str(path))

    with monkeypatch.context() as patch:
        patch.setattr("event_platform.local.cli.purge.shutil.rmtree", refuse)
        with pytest.raises(UnavailableError, match=r"redis was left: .*Permission denied.*kafka was left"):
            purge(found)
    assert marker.is_marked(home)
    assert purge(found)
    assert not home.exists()


def test_a_running_platform_is_not_purged(home: Path) -> None:
    """One that was started meanwhile."""
    found = Place(home, home, None)
    found.create()
    with lock.acquire(found.lock) or pytest.fail("locked already"), pytest.raises(UnavailableError, match="runs"):
        purge(found)
    assert marker.is_marked(home)


@pytest.fixture
def legacy(home: Path) -> Place:
    """A state folder of a version that made no marker."""
    home.mkdir()
    password_file.read_or_make(home / "secrets.json")
    (home / "ports.json").write_text(
        json.dumps({"postgres": 5432, "redis": 6379, "kafka": 9092, "kafka_controller": 9093})
    )
    fill(home, "kafka/data/0.log", "logs/ingest.log", "supervisor.lock", "processor/worker-id")
    return Place(home, home, None)


def test_an_earlier_versions_folder_is_purged(legacy: Place) -> None:
    """Where nothing else is in it."""
    assert purge(legacy)
    assert not legacy.home.exists()


def test_an_earlier_versions_platform_among_other_things_is_marked_first(legacy: Place) -> None:
    """Some of it may be the user's, who decides by `up`."""
    (legacy.home / "README").write_text("mine")
    with pytest.raises(ConfigurationError, match="mark it by `event-platform up`"):
        purge(legacy)
    legacy.create()
    assert purge(legacy)
    assert contents(legacy.home) == {"README": "mine"}


@pytest.fixture
def apart(tmp_path: Path) -> Iterator[Place]:
    """Root's place in a folder that ``nobody`` cannot enter."""
    if os.geteuid() != 0:
        pytest.skip("only root's servers have their data elsewhere")
    tmp_path.chmod(0o700)
    found = directory.find(tmp_path / "home")
    yield found
    shutil.rmtree(found.servers, ignore_errors=True)


def test_roots_data_elsewhere_goes_too(apart: Place) -> None:
    """Both folders carry a marker, and nothing is left."""
    apart.create()
    fill(apart.servers, "kafka/data/0.log")
    assert all(map(marker.is_marked, (apart.home, apart.servers)))
    assert purge(apart)
    assert not apart.home.exists()
    assert not apart.servers.exists()
