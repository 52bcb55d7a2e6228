"""What `event-platform status` prints."""

import pytest

from event_platform.local.cli import status_text
from event_platform.local.supervisor.control_protocol import Entry
from event_platform.local.supervisor.supervised_process import Snapshot, State

ENTRIES = {
    "ingest": Entry("service", "http://127.0.0.1:8080", Snapshot(State.READY, 11, 2, "SIGKILL")),
    "processor": Entry("service", "http://127.0.0.1:8082", Snapshot(State.STOPPED, None, 0, "exit status 0")),
    "kafka": Entry("server", "127.0.0.1:9092", Snapshot(State.RESTARTING, None, 1, "SIGKILL")),
    "postgres": Entry("server", "postgresql://ep_user:se:cr%40et@127.0.0.1:5432/event_platform", None),
    "redis": Entry("server", "redis://:secret@127.0.0.1:6379/0", Snapshot(State.READY, 12, 0, None)),
}


def test_json_has_the_documented_shape() -> None:
    """Services with url and pid; Kafka with its brokers; no password."""
    assert status_text.as_json(ENTRIES, secrets=False) == {
        "services": {
            "ingest": {"url": "http://127.0.0.1:8080", "pid": 11},
            "processor": {"url": "http://127.0.0.1:8082", "pid": None},
        },
        "servers": {
            "kafka": {"brokers": "127.0.0.1:9092", "pid": None},
            "postgres": {"url": "postgresql://ep_user@127.0.0.1:5432/event_platform", "pid": None},
            "redis": {"url": "redis://127.0.0.1:6379/0", "pid": 12},
        },
    }


def test_secrets_are_told_when_asked_for() -> None:
    """The URLs are then ones that connect."""
    told = status_text.as_json(ENTRIES, secrets=True)["servers"]
    assert told["redis"]["url"] == "redis://:secret@127.0.0.1:6379/0"
    assert told["postgres"]["url"] == "postgresql://ep_user:se:cr%40et@127.0.0.1:5432/event_platform"


def test_the_table_shows_restarts_and_why() -> None:
    """Someone who looks sees that something died, and how often."""
    lines = {line.split()[0]: line for line in status_text.as_table(ENTRIES, secrets=False).splitlines()}
    assert "ready" in lines["ingest"]
    assert lines["ingest"].split()[3] == "2"
    assert "last ended by SIGKILL" in lines["ingest"]
    assert "restarting" in lines["kafka"]
    assert "given" in lines["postgres"]
    assert "last ended" not in lines["redis"]
    assert "secret" not in "".join(lines.values())


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("127.0.0.1:9092", "127.0.0.1:9092"),
        ("postgresql://u:p%2Fq@[::1]:5432/d?sslmode=require", "postgresql://u@[::1]:5432/d?sslmode=require"),
        ("rediss://host/3", "rediss://host/3"),
        ("postgresql://h/d?user=u&password=secret&sslmode=require", "postgresql://h/d?user=u&sslmode=require"),
        ("postgresql://u@h/d?sslkey=k&sslpassword=secret", "postgresql://u@h/d?sslkey=k"),
        ("redis://h:6379/0?p%61ssword=secret", "redis://h:6379/0"),
    ],
)
def test_only_the_password_is_left_out(address: str, shown: str) -> None:
    """Everything else of the address stays."""
    assert status_text.without_password(address) == shown
