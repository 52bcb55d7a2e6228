"""Loading: the sources of settings, and which of them wins."""

from pathlib import Path

import pytest

from event_platform.core.errors import ConfigurationError
from event_platform.core.settings.loading import load
from event_platform.core.settings.model import Settings


def test_environment_takes_precedence_over_env_file(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The environment takes precedence over ``.env`` in the current folder, and an override over both."""
    (folder / ".env").write_text("INGEST_PORT=7001\nADMIN_PORT=7002\nPROCESSOR_PORT=7003\n")
    monkeypatch.setenv("ADMIN_PORT", "7102")
    settings = load(processor_port=7203)
    assert (settings.ingest_port, settings.admin_port, settings.processor_port) == (7001, 7102, 7203)


@pytest.mark.parametrize("name", ["INGEST_PORT", "API_KEYS", "REDIS_URL", "RATE_LIMITS", "KAFKA_GROUP"])
def test_empty_means_unset(name: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An empty variable counts as not set, in the environment and in ``.env``."""
    monkeypatch.setenv(name, "")
    assert getattr(load(), name.lower()) == Settings.model_fields[name.lower()].get_default(call_default_factory=True)
    monkeypatch.delenv(name)
    (folder / ".env").write_text(f"{name}=\n")
    assert getattr(load(), name.lower()) == Settings.model_fields[name.lower()].get_default(call_default_factory=True)


def test_unknown_names_are_ignored(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Other programs' names in the environment or in ``.env`` do no harm."""
    monkeypatch.setenv("INGEST_COLOUR", "red")
    (folder / ".env").write_text("POSTGRES_USER=someone\n")
    assert load().ingest_port == 8080


def test_files_may_begin_with_a_byte_order_mark(folder: Path) -> None:
    """A byte order mark, which Windows editors write, does not hide the first line."""
    (folder / ".env").write_text("\ufeffINGEST_PORT=7001\n", "utf-8")
    (folder / "keys").write_text("\ufeffa:k\n", "utf-8")
    settings = load(api_keys_file=folder / "keys")
    assert (settings.ingest_port, settings.key_pairs()) == (7001, (("a", "k"),))


def test_all_invalid_values_are_reported_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two mistakes give two lines, so one start shows both."""
    monkeypatch.setenv("INGEST_PORT", "x")
    monkeypatch.setenv("REDIS_OUTAGE", "y")
    with pytest.raises(ConfigurationError) as raised:
        load()
    assert [line.split("=")[0] for line in str(raised.value).splitlines()] == ["INGEST_PORT", "REDIS_OUTAGE"]


def test_down_ignores_the_settings_of_the_services(folder: Path) -> None:
    """`down` checks the setting of its folder and none of the services."""
    (folder / ".env").write_text("RATE_LIMIT_PER_MINUTE=5\nINGEST_PORT=x\nADMIN_PORT\nEVENT_PLATFORM_HOME=here\n")
    assert load("down").event_platform_home == Path("here")
    (folder / ".env").write_text("EVENT_PLATFORM_HOEM=here\n")
    with pytest.raises(ConfigurationError, match=r"expected EVENT_PLATFORM_HOME$"):
        load("down")
