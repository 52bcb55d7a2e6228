"""Verbs beside a running platform."""

from pathlib import Path

import pytest

from event_platform.local.cli import running_servers
from event_platform.local.supervisor import control_protocol
from event_platform.local.supervisor.control_protocol import Answer, Entry

ENTRIES = {
    "kafka": Entry("server", "127.0.0.1:19092", None),
    "postgres": Entry("server", "postgresql://ep_user:secret@127.0.0.1:15432/event_platform", None),
    "redis": Entry("server", "redis://:secret@127.0.0.1:16379/0", None),
}


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty state folder, and no server named."""
    monkeypatch.chdir(tmp_path)
    for name in ("KAFKA_BROKERS", "DATABASE_URL", "REDIS_URL", "REDIS_ADDR", "EVENT_PLATFORM_HOME"):
        monkeypatch.delenv(name, raising=False)
    folder = tmp_path / ".event-platform"
    folder.mkdir()
    return folder


def test_what_is_not_named_is_the_running_platforms(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that is named stays; the others are those that `up` started."""
    monkeypatch.setenv("KAFKA_BROKERS", "elsewhere:9092")
    environment = {"KAFKA_BROKERS": "elsewhere:9092"}
    path = control_protocol.serve(home, lambda _request: Answer(entries=ENTRIES))
    running_servers.adopt(environment)
    control_protocol.close(home, path)
    assert environment == {
        "KAFKA_BROKERS": "elsewhere:9092",
        "DATABASE_URL": ENTRIES["postgres"].address,
        "REDIS_URL": ENTRIES["redis"].address,
    }


@pytest.mark.usefixtures("home")
def test_nothing_runs() -> None:
    """Without a running platform nothing is made up."""
    environment: dict[str, str] = {}
    running_servers.adopt(environment)
    assert environment == {}
