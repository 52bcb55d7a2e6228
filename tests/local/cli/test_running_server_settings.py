"""Verbs that run beside a platform use its servers."""

from pathlib import Path

import pytest

from event_platform.local.cli import running_server_settings
from event_platform.local.supervisor import control_protocol
from event_platform.local.supervisor.control_protocol import ComponentStatus, ControlResponse

ENTRIES = {
    "kafka": ComponentStatus("server", "127.0.0.1:19092", None),
    "postgres": ComponentStatus("server", "postgresql://ep_user:secret@127.0.0.1:15432/event_platform", None),
    "redis": ComponentStatus("server", "redis://:secret@127.0.0.1:16379/0", None),
}


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty state directory, and no external server in the environment."""
    monkeypatch.chdir(tmp_path)
    for name in ("KAFKA_BROKERS", "DATABASE_URL", "REDIS_URL", "REDIS_ADDR", "EVENT_PLATFORM_HOME"):
        monkeypatch.delenv(name, raising=False)
    folder = tmp_path / ".event-platform"
    folder.mkdir()
    return folder


def test_the_running_platforms_servers_are_added(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that a setting names is kept; the others are those that `up` started."""
    monkeypatch.setenv("KAFKA_BROKERS", "elsewhere:9092")
    environment = {"KAFKA_BROKERS": "elsewhere:9092"}
    path = control_protocol.serve(home, lambda _request: ControlResponse(entries=ENTRIES))
    running_server_settings.add_to(environment)
    control_protocol.close(home, path)
    assert environment == {
        "KAFKA_BROKERS": "elsewhere:9092",
        "DATABASE_URL": ENTRIES["postgres"].address,
        "REDIS_URL": ENTRIES["redis"].address,
    }


@pytest.mark.usefixtures("home")
def test_nothing_is_added_without_a_running_platform() -> None:
    """The environment stays as it is."""
    environment: dict[str, str] = {}
    running_server_settings.add_to(environment)
    assert environment == {}
