"""Names of settings: unknown ones are reported, misspelt ones in ``.env`` refused."""

import re
from pathlib import Path

import pytest

from event_platform.core.errors import ConfigurationError
from event_platform.core.settings.loading import load
from event_platform.core.settings.model import Settings
from event_platform.core.settings.names import NAMES_OF_OTHER_TOOLS, accepted_names


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
def test_misspelt_name_in_env_file_is_an_error(text: str, said: str, folder: Path) -> None:
    """The error names the line and the right name."""
    (folder / ".env").write_text(text, "utf-8")
    with pytest.raises(ConfigurationError) as raised:
        load()
    assert str(raised.value) == said


def test_unknown_names_in_env_file_are_warnings(folder: Path) -> None:
    """Each is ignored with a warning, except the names of the compose file."""
    (folder / ".env").write_text("POSTGRES_PASSWORD=x\nKAFKA_GROUP_ID=x\nCOLOUR=red\nINGEST_PORT=7001\n")
    settings = load()
    assert settings.ingest_port == 7001
    assert settings.warnings == (
        ".env, line 2: KAFKA_GROUP_ID is no setting and is ignored; the nearest is KAFKA_GROUP",
        ".env, line 3: COLOUR is no setting and is ignored",
    )


def test_repeated_name_is_a_warning(folder: Path) -> None:
    """The last line counts, and a warning says so; lower case is the same name."""
    (folder / ".env").write_text("INGEST_PORT=7001\nADMIN_PORT=7002\ningest_port=7003\n")
    settings = load()
    assert settings.ingest_port == 7003
    assert settings.warnings == (".env, line 3: INGEST_PORT is given again; the last one counts",)


def test_lines_that_may_be_part_of_a_secret_are_not_shown(folder: Path) -> None:
    """A line that may be the continuation of a key is not repeated in a log."""
    (folder / ".env").write_text("KEY_OF_SOMEONE=x\nMIIEvQIBADANBg==\nhunter2hunter2\nhunter2 hunter2\n")
    told = load().warnings
    assert [each.partition(":")[0] for each in told] == [f".env, line {number}" for number in (1, 2, 3, 4)]
    assert not re.search("MIIE|hunter2", " ".join(told))


def test_misspelt_name_in_the_environment_is_a_warning(monkeypatch: pytest.MonkeyPatch) -> None:
    """It may be another program's variable, so it is only a warning."""
    monkeypatch.setenv("RATE_LIMIT_PER_MINUTE", "5")
    for innocent in ("DATABASE_URL_TEST", "REDIS_HOST", "LOG_LEVEL_X", "PGHOST", "POSTGRES_URL", "ADMIN_TOKEN"):
        monkeypatch.setenv(innocent, "x")
    [told] = load().warnings
    assert told.startswith("RATE_LIMIT_PER_MINUTE in the environment is no setting and is ignored")
    assert told.endswith("meant RATE_LIMIT_PER_MIN?")


def test_names_of_the_compose_file_are_known() -> None:
    """A file shared with compose causes no warnings about its names."""
    text = (Path(__file__).parents[3] / "infra/docker-compose.yml").read_text("utf-8")
    assert set(re.findall(r"\$\{(\w+)", text)) <= accepted_names(Settings.model_fields) | NAMES_OF_OTHER_TOOLS
