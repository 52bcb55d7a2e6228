"""`event-platform doctor` names what is wrong and what to do, one line each."""

import socket
from pathlib import Path

import pytest

from event_platform.core.settings.declaration import Settings
from event_platform.core.settings.loading import load
from event_platform.local.cli import doctor
from event_platform.local.cli.doctor import Finding
from event_platform.local.servers import required_packages
from event_platform.local.state_dir import directory, lock
from event_platform.local.supervisor import control_protocol
from event_platform.local.supervisor.control_protocol import Answer, Entry
from event_platform.local.supervisor.supervised_process import Snapshot, State


def settings_for(home: Path, **values: object) -> Settings:
    """Settings with free ports and these values."""
    ports = {"ingest_port": 0, "admin_port": 0, "processor_port": 0}
    return load(_env_file=None, event_platform_home=home, **ports | values)


def finding(settings: Settings, about: str) -> Finding:
    """What the doctor says about one thing."""
    return next(each for each in doctor.examine(settings) if each.about == about)


def test_a_taken_port_is_found(tmp_path: Path) -> None:
    """With the setting that moves the service."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        found = finding(settings_for(tmp_path, admin_port=listener.getsockname()[1]), "port of admin")
    assert not found.is_ok
    assert "ADMIN_PORT" in found.text


def test_a_named_server_that_is_away_is_found(tmp_path: Path) -> None:
    """And none of what only our own would need is asked for."""
    found = {each.about: each for each in doctor.examine(settings_for(tmp_path, kafka_brokers="127.0.0.1:9"))}
    assert not found["kafka"].is_ok
    assert found["kafka"].text.startswith("KAFKA_BROKERS=127.0.0.1:9")
    assert "java" not in found


def test_missing_packages_are_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the command that installs them."""
    monkeypatch.setattr(required_packages, "_PACKAGES", ("jgo", "surely_not_installed"))
    found = finding(settings_for(tmp_path), "packages")
    assert not found.is_ok
    assert "surely_not_installed" in found.text
    assert "pip install 'event-platform[local]'" in found.text
    assert "jgo" not in found.text


def test_a_wrong_kafka_home_is_found(tmp_path: Path) -> None:
    """A folder without Kafka's jars is none."""
    assert not finding(settings_for(tmp_path, kafka_home=tmp_path), "kafka").is_ok


def test_what_is_in_order_is_told(tmp_path: Path) -> None:
    """Java and the ports of this machine."""
    settings = settings_for(tmp_path)
    for about in ("java", "packages", "port of ingest"):
        assert finding(settings, about).is_ok


def test_a_state_folder_that_cannot_be_is_found(tmp_path: Path) -> None:
    """Because a file lies where it, or a folder above it, should be."""
    (tmp_path / "file").touch()
    for home in (tmp_path / "file", tmp_path / "file" / "home"):
        found = finding(settings_for(home), "state folder")
        assert not found.is_ok
        assert f"EVENT_PLATFORM_HOME={home}" in found.text


def test_keys_that_cannot_be_read_are_found(tmp_path: Path) -> None:
    """As `up` would refuse them."""
    found = finding(settings_for(tmp_path, api_keys_file=tmp_path / "missing"), "API keys")
    assert not found.is_ok
    assert found.text.startswith("API_KEYS_FILE=")


def test_what_a_running_platform_lacks_is_found(tmp_path: Path) -> None:
    """A server that was stopped, with the command that starts it; what is ready is not a problem."""
    entries = {
        "kafka": Entry("server", "127.0.0.1:9092", Snapshot(State.STOPPED, None, 0, None)),
        "redis": Entry("server", "redis://127.0.0.1:6379/0", Snapshot(State.READY, 1, 0, None)),
    }
    home = directory.find(tmp_path)
    path = control_protocol.serve(tmp_path, lambda _request: Answer(entries=entries))
    with lock.acquire(home.lock) or pytest.fail("locked already"):
        findings = list(doctor.examine(settings_for(tmp_path)))
    control_protocol.close(tmp_path, path)
    said = {each.about: each.text for each in findings if not each.is_ok}
    assert "event-platform start kafka" in said["kafka"]
    assert "redis" not in said
