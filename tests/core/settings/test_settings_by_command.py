"""An invalid setting stops the commands that read it, and no others."""

from typing import get_args

import pytest

from event_platform.core.errors import ConfigurationError
from event_platform.core.settings.loading import load
from event_platform.core.settings.model import Settings
from event_platform.core.settings.settings_by_command import FIELDS_OF, READ_BY_ALL, Command, unused_fields

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
    "DATABASE_URL": {"processor", "admin", "migrate", "rewind", "running_servers"},
    "ADMIN_DATABASE_URL_FILE": {"admin"},
    "REDIS_URL": {"ingest", "admin", "running_servers"},
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


@pytest.mark.parametrize("command", get_args(Command))
@pytest.mark.parametrize("name", READ_BY)
def test_invalid_setting_stops_only_its_readers(name: str, command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    """Other commands do not even read the value; `up` checks all settings."""
    monkeypatch.setenv(name, WRONG[name])
    with pytest.raises(ConfigurationError, match=rf"^{name.removesuffix('_FILE')}"):
        load()
    if command in READ_BY[name]:
        with pytest.raises(ConfigurationError, match=rf"^{name.removesuffix('_FILE')}"):
            load(command)
    else:
        load(command)


def test_admin_needs_no_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wherever ingest listens, the admin API needs no API keys and does not load them."""
    monkeypatch.setenv("INGEST_HOST", "192.0.2.1")
    assert load("admin").ingest_address == "http://192.0.2.1:8080"
    monkeypatch.setenv("API_KEYS", "a:secret")
    assert load("admin").api_keys is None


def test_addresses_of_the_other_services() -> None:
    """The URL setting takes precedence over host and port; a wildcard host is reached over loopback."""
    assert load("admin").ingest_address == "http://127.0.0.1:8080"
    assert load("admin", processor_host="::", processor_port=1).processor_address == "http://[::1]:1"
    assert load("admin", ingest_host="0.0.0.0").ingest_address == "http://127.0.0.1:8080"  # noqa: S104 - not bound
    settings = load("admin", ingest_url="https://in.example/events/", processor_url="http://[::1]:9")
    assert (settings.ingest_address, settings.processor_address) == ("https://in.example/events", "http://[::1]:9")


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
def test_invalid_url_is_named(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The error does not show a password that the URL contains by mistake."""
    monkeypatch.setenv("PROCESSOR_URL", url)
    with pytest.raises(
        ConfigurationError, match=r"(?s)^PROCESSOR_URL.*: expected http://host:port or https://host"
    ) as raised:
        load("admin")
    assert "hunter2" not in str(raised.value)


def test_invalid_address_of_another_service_is_a_warning(monkeypatch: pytest.MonkeyPatch) -> None:
    """The admin API uses the default port of ingest instead of an invalid one; its own port must be valid."""
    monkeypatch.setenv("INGEST_PORT", "x")
    settings = load("admin")
    assert settings.ingest_address == "http://127.0.0.1:8080"
    assert settings.warnings == ("INGEST_PORT=x: expected a whole number from 0 to 65535; ignored",)
    monkeypatch.setenv("ADMIN_PORT", "y")
    with pytest.raises(ConfigurationError, match="ADMIN_PORT=y"):
        load("admin")


def test_services_share_a_port_on_different_machines_only(monkeypatch: pytest.MonkeyPatch) -> None:
    """In containers every service may have the same port; `up` runs them on one machine."""
    for name in ("INGEST_PORT", "ADMIN_PORT", "PROCESSOR_PORT"):
        monkeypatch.setenv(name, "8080")
    assert [load(command).kafka_brokers for command in ("ingest", "admin", "processor")] == [None] * 3
    with pytest.raises(ConfigurationError, match="are both 8080"):
        load()


def test_every_setting_has_a_reader() -> None:
    """A new setting is read by every command until it is listed; those that only `up` reads are listed here."""
    only_up = {"kafka_home"}
    named = frozenset().union(*FIELDS_OF.values()) | READ_BY_ALL | only_up
    assert named == Settings.model_fields.keys()
    assert unused_fields(None, Settings.model_fields) == frozenset()
