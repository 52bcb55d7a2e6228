"""`event-platform doctor` names each problem and its remedy, one line each."""

import socket
from pathlib import Path

import pytest

from event_platform.core.settings.loading import load
from event_platform.core.settings.model import Settings
from event_platform.local.cli import doctor
from event_platform.local.cli.doctor import CheckResult
from event_platform.local.servers import required_packages
from event_platform.local.state_dir import directory, lock
from event_platform.local.supervisor import control_protocol
from event_platform.local.supervisor.control_protocol import ComponentStatus, ControlResponse
from event_platform.local.supervisor.supervised_process import ProcessSnapshot, ProcessState


def settings_for(home: Path, **values: object) -> Settings:
    """Settings with free service ports and these values."""
    ports = {"ingest_port": 0, "admin_port": 0, "processor_port": 0}
    return load(_env_file=None, event_platform_home=home, **ports | values)


def check_result(settings: Settings, about: str) -> CheckResult:
    """The result of the check of one subject."""
    return next(each for each in doctor.run_checks(settings) if each.subject == about)


def test_a_taken_port_is_found(tmp_path: Path) -> None:
    """The result names the setting that moves the service."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        result = check_result(settings_for(tmp_path, admin_port=listener.getsockname()[1]), "port of admin")
    assert not result.is_ok
    assert "ADMIN_PORT" in result.message


def test_an_unavailable_external_server_is_found(tmp_path: Path) -> None:
    """What only a local Kafka would need is not checked."""
    result = {each.subject: each for each in doctor.run_checks(settings_for(tmp_path, kafka_brokers="127.0.0.1:9"))}
    assert not result["kafka"].is_ok
    assert result["kafka"].message.startswith("KAFKA_BROKERS=127.0.0.1:9")
    assert "java" not in result


def test_missing_packages_are_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The result names the command that installs them."""
    monkeypatch.setattr(required_packages, "_PACKAGES", ("jgo", "surely_not_installed"))
    result = check_result(settings_for(tmp_path), "packages")
    assert not result.is_ok
    assert "surely_not_installed" in result.message
    assert "pip install 'event-platform[local]'" in result.message
    assert "jgo" not in result.message


def test_a_wrong_kafka_home_is_found(tmp_path: Path) -> None:
    """A directory without Kafka's jars is refused."""
    assert not check_result(settings_for(tmp_path, kafka_home=tmp_path), "kafka").is_ok


def test_passed_checks_are_reported(tmp_path: Path) -> None:
    """Java, packages and a free port of this machine."""
    settings = settings_for(tmp_path)
    for about in ("java", "packages", "port of ingest"):
        assert check_result(settings, about).is_ok


def test_an_impossible_state_directory_is_found(tmp_path: Path) -> None:
    """A file lies where the directory, or a parent of it, would have to be."""
    (tmp_path / "file").touch()
    for home in (tmp_path / "file", tmp_path / "file" / "home"):
        result = check_result(settings_for(home), "state directory")
        assert not result.is_ok
        assert f"EVENT_PLATFORM_HOME={home}" in result.message


def test_keys_that_cannot_be_read_are_found(tmp_path: Path) -> None:
    """As `up` would refuse them."""
    result = check_result(settings_for(tmp_path, api_keys_file=tmp_path / "missing"), "API keys")
    assert not result.is_ok
    assert result.message.startswith("API_KEYS_FILE=")


def test_a_stopped_server_of_a_running_platform_is_found(tmp_path: Path) -> None:
    """The result names the command that starts it; a server that is ready is no problem."""
    entries = {
        "kafka": ComponentStatus("server", "127.0.0.1:9092", ProcessSnapshot(ProcessState.STOPPED, None, 0, None)),
        "redis": ComponentStatus("server", "redis://127.0.0.1:6379/0", ProcessSnapshot(ProcessState.READY, 1, 0, None)),
    }
    state_dir = directory.locate(tmp_path)
    path = control_protocol.serve(tmp_path, lambda _request: ControlResponse(entries=entries))
    with lock.acquire(state_dir.lock_file) or pytest.fail("locked already"):
        results = list(doctor.run_checks(settings_for(tmp_path)))
    control_protocol.close(tmp_path, path)
    problems = {each.subject: each.message for each in results if not each.is_ok}
    assert "event-platform start kafka" in problems["kafka"]
    assert "redis" not in problems
