"""What `event-platform status` prints."""

import pytest

from event_platform.local.cli import status_text
from event_platform.local.supervisor.control_protocol import ComponentStatus
from event_platform.local.supervisor.supervised_process import ProcessSnapshot, ProcessState

ENTRIES = {
    "ingest": ComponentStatus(
        "service", "http://127.0.0.1:8080", ProcessSnapshot(ProcessState.READY, 11, 2, "SIGKILL")
    ),
    "processor": ComponentStatus(
        "service", "http://127.0.0.1:8082", ProcessSnapshot(ProcessState.STOPPED, None, 0, "exit status 0")
    ),
    "kafka": ComponentStatus("server", "127.0.0.1:9092", ProcessSnapshot(ProcessState.RESTARTING, None, 1, "SIGKILL")),
    "postgres": ComponentStatus("server", "postgresql://ep_user:se:cr%40et@127.0.0.1:5432/event_platform", None),
    "redis": ComponentStatus(
        "server", "redis://:secret@127.0.0.1:6379/0", ProcessSnapshot(ProcessState.READY, 12, 0, None)
    ),
}


def test_json_has_the_documented_shape() -> None:
    """Services with URL and pid; Kafka with its brokers; no passwords."""
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


def test_json_includes_passwords_on_request() -> None:
    """The URLs are then ones that connect."""
    servers = status_text.as_json(ENTRIES, secrets=True)["servers"]
    assert servers["redis"]["url"] == "redis://:secret@127.0.0.1:6379/0"
    assert servers["postgres"]["url"] == "postgresql://ep_user:se:cr%40et@127.0.0.1:5432/event_platform"


def test_the_table_shows_restarts_and_their_cause() -> None:
    """It shows that a process died, how often, and how."""
    lines = {line.split()[0]: line for line in status_text.as_table(ENTRIES, secrets=False).splitlines()}
    assert "ready" in lines["ingest"]
    assert lines["ingest"].split()[3] == "2"
    assert "last ended by SIGKILL" in lines["ingest"]
    assert "restarting" in lines["kafka"]
    assert "external" in lines["postgres"]
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
