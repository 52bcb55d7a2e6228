"""Files that hold one secret each: they are never quoted."""

from pathlib import Path

import pytest

from event_platform.core.errors import ConfigurationError
from event_platform.core.settings.loading import load
from event_platform.core.settings.model import Settings
from event_platform.core.settings.names import counterpart_name, secret_names

SECRET = "hunter2hunter2hunter2"
URL = f"postgresql://u:{SECRET}@localhost/d"


@pytest.mark.parametrize("name", sorted(secret_names(Settings.model_fields)))
@pytest.mark.parametrize("where", ["environment", "file"])
def test_every_secret_may_come_from_a_file(
    name: str, where: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The byte order mark and the line break that editors write are removed; either source may name the file."""
    value = {"REDIS_URL": f"redis://:{SECRET}@h:1/0", "ADMIN_TOKENS": f"ops:{SECRET}"}.get(name, URL)
    (folder / "secret").write_bytes(b"\xef\xbb\xbf" + value.encode() + b"\r\n")
    if where == "environment":
        monkeypatch.setenv(f"{name}_FILE", "secret")
    else:
        (folder / ".env").write_text(f"{name}_FILE=secret\n")
    settings = load()
    assert getattr(settings, name.lower()).get_secret_value() == value
    assert settings.warnings == ()


def test_all_secrets_have_a_file() -> None:
    """Every secret may come from a file; that of `API_KEYS` has its own form."""
    assert secret_names(Settings.model_fields) == {"DATABASE_URL", "ADMIN_DATABASE_URL", "REDIS_URL", "ADMIN_TOKENS"}
    assert counterpart_name(counterpart_name("REDIS_URL")) == "REDIS_URL"


def test_value_and_file_in_one_source_are_an_error(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It would be ambiguous; if two sources give one each, the environment takes precedence."""
    (folder / "secret").write_text(URL)
    (folder / ".env").write_text(f"DATABASE_URL={URL}\nDATABASE_URL_FILE=secret\n")
    with pytest.raises(
        ConfigurationError, match=r"^DATABASE_URL and DATABASE_URL_FILE are both set: give one of them$"
    ):
        load()
    (folder / ".env").write_text("DATABASE_URL_FILE=nowhere\n")
    monkeypatch.setenv("DATABASE_URL", URL)
    assert load().database_url is not None
    (folder / ".env").write_text("DATABASE_URL=postgresql://elsewhere/d\n")
    monkeypatch.setenv("DATABASE_URL", "")
    monkeypatch.setenv("DATABASE_URL_FILE", "secret")
    given = load().database_url
    assert given is not None
    assert given.get_secret_value() == URL


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "ADMIN_TOKENS_FILE=secret cannot be read: No such file or directory"),
        (b"", "ADMIN_TOKENS_FILE=secret: expected one value of at most 65536 bytes in the file"),
        (b" \n", "ADMIN_TOKENS_FILE=secret: expected one value of at most 65536 bytes in the file"),
        (b"x" * 65_537, "ADMIN_TOKENS_FILE=secret: expected one value of at most 65536 bytes in the file"),
        (SECRET.encode() + b"\xff", "ADMIN_TOKENS_FILE=secret: expected a file of UTF-8 text"),
        (SECRET.encode("utf-16"), "ADMIN_TOKENS_FILE=secret: expected a file of UTF-8 text"),
        (SECRET.encode(), "ADMIN_TOKENS_FILE: expected name:token,…"),
        (f"ops:{SECRET}\ndev:{SECRET}x\n".encode(), "ADMIN_TOKENS_FILE: expected name:token,…"),
    ],
)
def test_invalid_secret_file_is_named_but_not_shown(
    content: bytes | None, said: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The error is one sentence with the setting and the file, without a character of its contents."""
    if content is not None:
        (folder / "secret").write_bytes(content)
    monkeypatch.setenv("ADMIN_TOKENS_FILE", "secret")
    with pytest.raises(ConfigurationError) as raised:
        load()
    assert str(raised.value).startswith(said)
    assert "\n" not in str(raised.value)
    assert "hunter2" not in str(raised.value)


def test_directory_in_place_of_the_file_is_an_error(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A mount creates a directory if the file does not exist."""
    (folder / "secret").mkdir()
    monkeypatch.setenv("REDIS_URL_FILE", "secret")
    with pytest.raises(ConfigurationError, match=r"^REDIS_URL_FILE=secret cannot be read: Is a directory$"):
        load()
