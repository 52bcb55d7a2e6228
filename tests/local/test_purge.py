"""`down --purge` removes what the platform made, and nothing else."""

from pathlib import Path

from event_platform.local import secrets_file
from event_platform.local.place import Place
from event_platform.local.purge import purge


def test_only_what_is_ours_is_removed(tmp_path: Path) -> None:
    """A file of the user's in the state folder stays, and so does the folder then."""
    home = tmp_path / "home"
    found = Place(home, home, None)
    found.create()
    (found.folder_of("kafka") / "data").mkdir(parents=True)
    secrets_file.read_or_make(found.secrets)
    found.ports.touch()
    (home / "notes.txt").write_text("mine")
    purge(found)
    assert [path.name for path in home.iterdir()] == ["notes.txt"]


def test_an_empty_state_folder_goes_too(tmp_path: Path) -> None:
    """Nothing is left of a platform that was alone in its folder."""
    home = tmp_path / "home"
    found = Place(home, tmp_path / "servers", None)
    found.create()
    secrets_file.read_or_make(found.secrets)
    purge(found)
    assert list(tmp_path.iterdir()) == []


def test_purging_what_was_never_started_is_no_error(tmp_path: Path) -> None:
    """There is nothing to remove."""
    purge(Place(tmp_path / "home", tmp_path / "servers", None))
