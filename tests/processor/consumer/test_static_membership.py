"""A worker's name in its group."""

import subprocess
import sys
from pathlib import Path

import pytest

from event_platform.core.errors import ConfigurationError
from event_platform.core.settings.loading import load
from event_platform.core.settings.model import Settings
from event_platform.processor.consumer import static_membership
from event_platform.processor.consumer.static_membership import Membership


def settings_in(folder: Path, **more: str) -> Settings:
    """Return settings with that state folder."""
    return load(_env_file=None, event_platform_home=str(folder), **more)


def test_a_restarted_worker_keeps_its_name(tmp_path: Path) -> None:
    """The same machine and the same slot give the same name."""
    with Membership(settings_in(tmp_path), 0) as first:
        name = first.instance_id
    with Membership(settings_in(tmp_path), 0) as second:
        assert second.instance_id == name


def test_names_on_one_machine_differ(tmp_path: Path) -> None:
    """Workers that run at the same time have different slots; a released slot is claimed again."""
    settings = settings_in(tmp_path)
    with Membership(settings, 0) as first, Membership(settings, 0) as second:
        assert first.instance_id != second.instance_id
        assert first.instance_id[:-1] == second.instance_id[:-1]
    with Membership(settings, 0) as third:
        assert third.instance_id == first.instance_id


def test_names_of_machines_differ(tmp_path: Path) -> None:
    """Different state folders give different names."""
    with (
        Membership(settings_in(tmp_path / "a"), 0) as one,
        Membership(settings_in(tmp_path / "b"), 0) as other,
    ):
        assert one.instance_id != other.instance_id


def test_a_killed_worker_releases_its_slot(tmp_path: Path) -> None:
    """The operating system releases the slot of a process that was killed."""
    script = (
        "import os, sys; from event_platform.core.settings.loading import load; "
        "from event_platform.processor.consumer.static_membership import Membership; "
        "settings = load(_env_file=None, event_platform_home=sys.argv[1]); "
        "print(Membership(settings, 0).__enter__().instance_id, flush=True); os.kill(os.getpid(), 9)"
    )
    killed = subprocess.run([sys.executable, "-c", script, str(tmp_path)], capture_output=True, text=True, check=False)
    with Membership(settings_in(tmp_path), 0) as successor:
        assert successor.instance_id == killed.stdout.strip() != ""


def test_worker_id_is_used(tmp_path: Path) -> None:
    """`WORKER_ID` is used with the worker's index appended, and needs no state folder."""
    settings = settings_in(tmp_path / "not" / "there", worker_id="pod-7")
    with Membership(settings, 0) as first, Membership(settings, 1) as second:
        assert (first.instance_id, second.instance_id) == ("pod-7-0", "pod-7-1")
    assert not (tmp_path / "not").exists()


def test_an_unwritable_state_folder_is_a_configuration_error(tmp_path: Path) -> None:
    """A state folder that cannot be written is a configuration error that says what to do."""
    (tmp_path / "processor").write_text("a file where a folder should be")
    with pytest.raises(ConfigurationError, match="or give WORKER_ID"), Membership(settings_in(tmp_path), 0):
        pass


def test_slots_are_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """More workers than slots are a configuration error."""
    monkeypatch.setattr(static_membership, "MAX_SLOTS", 1)
    settings = settings_in(tmp_path)
    with (
        Membership(settings, 0),
        pytest.raises(ConfigurationError, match="run with the state folder"),
        Membership(settings, 0),
    ):
        pass
