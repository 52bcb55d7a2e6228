"""``.env`` is read to the last line, and secrets from files are never shown."""

import re
from pathlib import Path

import pytest

from event_platform.core.errors import ConfigurationError
from event_platform.core.settings.declaration import Settings
from event_platform.core.settings.loading import load
from event_platform.core.settings.names import NAMES_OF_OTHER_TOOLS, accepted_names, counterpart_name, secret_names

SECRET = "hunter2hunter2hunter2"
URL = f"postgresql://u:{SECRET}@localhost/d"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty current folder, and an environment without any setting of ours."""
    for name in accepted_names(Settings.model_fields):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("RATE_LIMIT_PER_MINUTE=5\n", ".env, line 1: RATE_LIMIT_PER_MINUTE is no setting: expected RATE_LIMIT_PER_MIN"),
        ("# ours\n\n\nREDIS_OUTTAGE=reject", ".env, line 4: REDIS_OUTTAGE is no setting: expected REDIS_OUTAGE"),
        ("export api_key=a:b\n", ".env, line 1: API_KEY is no setting: expected API_KEYS"),
        ("\ufeffADMIN_TOKEN=a:b\n", ".env, line 1: ADMIN_TOKEN is no setting: expected ADMIN_TOKENS"),
        ("INGEST_PORT 7001\n", ".env, line 1: expected INGEST_PORT=value"),
        ("INGEST_PORT: 7001\n", ".env, line 1: expected INGEST_PORT=value"),
        ("\nREDIS_OUTAGE\n", ".env, line 2: expected REDIS_OUTAGE=value"),
        ('API_KEYS="a:b\n', ".env, line 1: expected API_KEYS=value"),
    ],
)
def test_misspelt_in_the_file(text: str, said: str, folder: Path) -> None:
    """It stops the start, with the line and the right name."""
    (folder / ".env").write_text(text, "utf-8")
    with pytest.raises(ConfigurationError) as raised:
        load()
    assert str(raised.value) == said


def test_other_names_in_the_file_are_told(folder: Path) -> None:
    """They are ignored with a remark each; those of compose are nobody's mistake."""
    (folder / ".env").write_text("POSTGRES_PASSWORD=x\nKAFKA_GROUP_ID=x\nCOLOUR=red\nINGEST_PORT=7001\n")
    settings = load()
    assert settings.ingest_port == 7001
    assert settings.warnings == (
        ".env, line 2: KAFKA_GROUP_ID is no setting and is ignored; the nearest is KAFKA_GROUP",
        ".env, line 3: COLOUR is no setting and is ignored",
    )


def test_given_twice_is_told(folder: Path) -> None:
    """The last line counts, and a remark says so; lower case is the same name."""
    (folder / ".env").write_text("INGEST_PORT=7001\nADMIN_PORT=7002\ningest_port=7003\n")
    settings = load()
    assert settings.ingest_port == 7003
    assert settings.warnings == (".env, line 3: INGEST_PORT is given again; the last one counts",)


def test_lines_that_may_be_part_of_a_secret_are_not_shown(folder: Path) -> None:
    """A key that went over its line is no name to repeat in a log."""
    (folder / ".env").write_text("KEY_OF_SOMEONE=x\nMIIEvQIBADANBg==\nhunter2hunter2\nhunter2 hunter2\n")
    told = load().warnings
    assert [each.partition(":")[0] for each in told] == [f".env, line {number}" for number in (1, 2, 3, 4)]
    assert not re.search("MIIE|hunter2", " ".join(told))


def test_misspelt_in_the_environment_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """It may be another program's, so a remark is all."""
    monkeypatch.setenv("RATE_LIMIT_PER_MINUTE", "5")
    for innocent in ("DATABASE_URL_TEST", "REDIS_HOST", "LOG_LEVEL_X", "PGHOST", "POSTGRES_URL", "ADMIN_TOKEN"):
        monkeypatch.setenv(innocent, "x")
    [told] = load().warnings
    assert told.startswith("RATE_LIMIT_PER_MINUTE in the environment is no setting and is ignored")
    assert told.endswith("meant RATE_LIMIT_PER_MIN?")


def test_the_end_of_a_platform_is_not_stopped(folder: Path) -> None:
    """`down` minds what names the folder, and nothing of the services."""
    (folder / ".env").write_text("RATE_LIMIT_PER_MINUTE=5\nINGEST_PORT=x\nADMIN_PORT\nEVENT_PLATFORM_HOME=here\n")
    assert load("down").event_platform_home == Path("here")
    (folder / ".env").write_text("EVENT_PLATFORM_HOEM=here\n")
    with pytest.raises(ConfigurationError, match=r"expected EVENT_PLATFORM_HOME$"):
        load("down")


def test_names_of_the_compose_file_are_known() -> None:
    """Whoever shares one file with it is not warned of its own names."""
    text = (Path(__file__).parents[3] / "infra/docker-compose.yml").read_text("utf-8")
    assert set(re.findall(r"\$\{(\w+)", text)) <= accepted_names(Settings.model_fields) | NAMES_OF_OTHER_TOOLS


@pytest.mark.parametrize("name", sorted(secret_names(Settings.model_fields)))
@pytest.mark.parametrize("where", ["environment", "file"])
def test_every_secret_may_come_from_a_file(
    name: str, where: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With a byte order mark and the end of the line, as editors write them; named in either place."""
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
    """Each setting that is a secret, `API_KEYS` in its own form."""
    assert secret_names(Settings.model_fields) == {"DATABASE_URL", "ADMIN_DATABASE_URL", "REDIS_URL", "ADMIN_TOKENS"}
    assert counterpart_name(counterpart_name("REDIS_URL")) == "REDIS_URL"


def test_value_and_file_in_one_place_are_refused(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody could say which of them is meant; of two places the environment is meant, as always."""
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
def test_wrong_secret_file_is_named_not_shown(
    content: bytes | None, said: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One sentence with the setting and the file, and not a character of what stands there."""
    if content is not None:
        (folder / "secret").write_bytes(content)
    monkeypatch.setenv("ADMIN_TOKENS_FILE", "secret")
    with pytest.raises(ConfigurationError) as raised:
        load()
    assert str(raised.value).startswith(said)
    assert "\n" not in str(raised.value)
    assert "hunter2" not in str(raised.value)


def test_folder_is_no_secret(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A mount that made a folder of the file is told."""
    (folder / "secret").mkdir()
    monkeypatch.setenv("REDIS_URL_FILE", "secret")
    with pytest.raises(ConfigurationError, match=r"^REDIS_URL_FILE=secret cannot be read: Is a directory$"):
        load()
