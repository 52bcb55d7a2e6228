"""Each service is stopped by its own settings, and by nobody else's."""

from pathlib import Path
from typing import get_args

import pytest

from event_platform.core.errors import ConfigurationError
from event_platform.core.settings.declaration import Settings
from event_platform.core.settings.loading import load
from event_platform.core.settings.names import accepted_names
from event_platform.core.settings.readers import FIELDS_OF, READ_BY_ALL, Reader, unread_fields

WRONG = {
    "API_KEYS": "garbage",
    "API_KEYS_FILE": "/nowhere",
    "ADMIN_TOKENS": "garbage",
    "ADMIN_TOKENS_FILE": "/nowhere",
    "DATABASE_URL": "garbage",
    "ADMIN_DATABASE_URL_FILE": "/nowhere",
    "REDIS_URL": "garbage",
    "REDIS_OUTAGE": "garbage",
    "RATE_LIMITS": "garbage",
    "RETENTION_DAYS": "garbage",
    "INGEST_HOST": "two words",
    "INGEST_URL": "garbage",
    "ADMIN_PORT": "garbage",
    "ADMIN_DEV_ORIGINS": "garbage",
    "PROCESSOR_PORT": "garbage",
    "KAFKA_GROUP": "two words",
}
READ_BY = {
    "API_KEYS": {"ingest", "loadgen"},
    "ADMIN_TOKENS": {"admin", "loadgen"},
    "ADMIN_TOKENS_FILE": {"admin", "loadgen"},
    "DATABASE_URL": {"processor", "admin", "migrate", "rewind", "adopt"},
    "ADMIN_DATABASE_URL_FILE": {"admin"},
    "REDIS_URL": {"ingest", "admin", "adopt"},
    "REDIS_OUTAGE": {"ingest", "admin"},
    "RATE_LIMITS": {"ingest"},
    "RETENTION_DAYS": {"ingest", "processor", "topics"},
    "INGEST_HOST": {"ingest", "loadgen"},
    "INGEST_URL": {"admin"},
    "ADMIN_PORT": {"admin", "loadgen"},
    "ADMIN_DEV_ORIGINS": {"admin"},
    "PROCESSOR_PORT": {"processor"},
    "KAFKA_GROUP": {"processor", "admin"},
}


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty current folder, and an environment without any setting of ours."""
    for name in accepted_names(Settings.model_fields):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("reader", get_args(Reader))
@pytest.mark.parametrize("name", READ_BY)
def test_only_readers_are_stopped(name: str, reader: Reader, monkeypatch: pytest.MonkeyPatch) -> None:
    """By a wrong value; the others do not even look at it. `up` checks everything."""
    monkeypatch.setenv(name, WRONG[name])
    with pytest.raises(ConfigurationError, match=rf"^{name.removesuffix('_FILE')}"):
        load()
    if reader in READ_BY[name]:
        with pytest.raises(ConfigurationError, match=rf"^{name.removesuffix('_FILE')}"):
            load(reader)
    else:
        load(reader)


def test_admin_needs_no_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wherever ingest listens, and whatever its keys are, they are not even in the process."""
    monkeypatch.setenv("INGEST_HOST", "192.0.2.1")
    assert load("admin").ingest_address == "http://192.0.2.1:8080"
    monkeypatch.setenv("API_KEYS", "a:secret")
    assert load("admin").api_keys is None


def test_admin_finds_the_others_where_it_is_told() -> None:
    """By URL, else where they listen; an address to listen on everywhere is reached on this machine."""
    assert load("admin").ingest_address == "http://127.0.0.1:8080"
    assert load("admin", processor_host="::", processor_port=1).processor_address == "http://[::1]:1"
    assert load("admin", ingest_host="0.0.0.0").ingest_address == "http://127.0.0.1:8080"  # noqa: S104 - not bound
    told = load("admin", ingest_url="https://in.example/events/", processor_url="http://[::1]:9")
    assert (told.ingest_address, told.processor_address) == ("https://in.example/events", "http://[::1]:9")


@pytest.mark.parametrize(
    "url",
    [
        *(
            "localhost:8080",
            "ftp://h",
            "http://",
            "http://h:0",
            "http://h:70000",
            "http://h:x",
            "http://a b",
            "http:/h",
        ),
        *("http://h/?a=1", "http://h/#a", "https://u:hunter2@h", "http://u@h", "//h", "http://[::1", "http://h\n"),
    ],
)
def test_wrong_url_is_named(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a password that stands where none belongs."""
    monkeypatch.setenv("PROCESSOR_URL", url)
    with pytest.raises(
        ConfigurationError, match=r"(?s)^PROCESSOR_URL.*: expected http://host:port or https://host"
    ) as raised:
        load("admin")
    assert "hunter2" not in str(raised.value)


def test_what_is_only_borrowed_stops_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    """A wrong port of ingest is ingest's matter: admin looks at the usual one, and says so."""
    monkeypatch.setenv("INGEST_PORT", "x")
    settings = load("admin")
    assert settings.ingest_address == "http://127.0.0.1:8080"
    assert settings.warnings == ("INGEST_PORT=x: expected a whole number from 0 to 65535; ignored",)
    monkeypatch.setenv("ADMIN_PORT", "y")
    with pytest.raises(ConfigurationError, match="ADMIN_PORT=y"):
        load("admin")


def test_one_port_for_all_is_a_mistake_of_one_machine_only(monkeypatch: pytest.MonkeyPatch) -> None:
    """In containers each service may have the same."""
    for name in ("INGEST_PORT", "ADMIN_PORT", "PROCESSOR_PORT"):
        monkeypatch.setenv(name, "8080")
    assert [load(reader).kafka_brokers for reader in ("ingest", "admin", "processor")] == [None] * 3
    with pytest.raises(ConfigurationError, match="are both 8080"):
        load()


def test_every_setting_has_a_reader() -> None:
    """A new one is read by everybody until it is named; what only `up` reads is here by name."""
    only_up = {"kafka_home"}
    named = frozenset().union(*FIELDS_OF.values()) | READ_BY_ALL | only_up
    assert named == Settings.model_fields.keys()
    assert unread_fields(None, Settings.model_fields) == frozenset()
