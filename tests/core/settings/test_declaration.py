"""Settings: read once from the environment and ``.env``, each wrong value named with what was expected."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr, ValidationError

from event_platform.core.addresses import http_url
from event_platform.core.errors import ConfigurationError
from event_platform.core.settings.declaration import Settings
from event_platform.core.settings.loading import load
from event_platform.core.settings.values import is_secret

PASSWORD = "hunter2hunter2"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty current folder, and an environment without any setting of ours."""
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_defaults_are_the_briefs() -> None:
    """Without any setting the documented ports, topics, quota and TTL hold."""
    settings = load()
    assert (settings.ingest_port, settings.admin_port, settings.processor_port) == (8080, 8081, 8082)
    assert (settings.topic_raw, settings.topic_dlq, settings.kafka_group) == (
        "events.raw",
        "events.dlq",
        "event-processor",
    )
    assert (settings.rate_limit_per_min, settings.idempotency_ttl_seconds) == (300, 1800)
    assert settings.max_event_bytes == 262_144
    assert settings.allowed_schema_versions == {1}


def test_environment_wins_over_file(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The environment beats ``.env`` of the current folder, and an override beats both."""
    (folder / ".env").write_text("INGEST_PORT=7001\nADMIN_PORT=7002\nPROCESSOR_PORT=7003\n")
    monkeypatch.setenv("ADMIN_PORT", "7102")
    settings = load(processor_port=7203)
    assert (settings.ingest_port, settings.admin_port, settings.processor_port) == (7001, 7102, 7203)


@pytest.mark.parametrize("name", ["INGEST_PORT", "API_KEYS", "REDIS_URL", "RATE_LIMITS", "KAFKA_GROUP"])
def test_empty_means_unset(name: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An empty variable is the same as none, in the environment and in ``.env``."""
    monkeypatch.setenv(name, "")
    assert getattr(load(), name.lower()) == Settings.model_fields[name.lower()].get_default(call_default_factory=True)
    monkeypatch.delenv(name)
    (folder / ".env").write_text(f"{name}=\n")
    assert getattr(load(), name.lower()) == Settings.model_fields[name.lower()].get_default(call_default_factory=True)


def test_unknown_names_are_ignored(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What belongs to other programs in the environment or in ``.env`` does no harm."""
    monkeypatch.setenv("INGEST_COLOUR", "red")
    (folder / ".env").write_text("POSTGRES_USER=someone\n")
    assert load().ingest_port == 8080


def test_files_may_begin_with_a_byte_order_mark(folder: Path) -> None:
    """Windows' editors write one; the first line counts all the same."""
    (folder / ".env").write_text("\ufeffINGEST_PORT=7001\n", "utf-8")
    (folder / "keys").write_text("\ufeffa:k\n", "utf-8")
    settings = load(api_keys_file=folder / "keys")
    assert (settings.ingest_port, settings.key_pairs()) == (7001, (("a", "k"),))


def test_unreadable_file_is_named(folder: Path) -> None:
    """A ``.env`` that is no text stops the start with its name."""
    (folder / ".env").write_bytes(b"INGEST_PORT=\xff\n")
    with pytest.raises(ConfigurationError, match=r"^\.env cannot be read: "):
        load()


def test_settings_are_immutable() -> None:
    """Nobody changes a setting after the start."""
    with pytest.raises(ValidationError):
        load().ingest_port = 1


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("INGEST_PORT", "abc", "INGEST_PORT=abc: expected a whole number from 0 to 65535"),
        ("INGEST_PORT", "-1", "INGEST_PORT=-1: expected a whole number from 0 to 65535"),
        ("ADMIN_PORT", "65536", "ADMIN_PORT=65536: expected a whole number from 0 to 65535"),
        ("PROCESSOR_PORT", "80.5", "PROCESSOR_PORT=80.5: expected a whole number from 0 to 65535"),
        ("RATE_LIMIT_PER_MIN", "-1", "RATE_LIMIT_PER_MIN=-1: expected a whole number of at least 1"),
        ("IDEMPOTENCY_TTL_SECONDS", "5", "IDEMPOTENCY_TTL_SECONDS=5: expected a whole number from 10 to 86400"),
        ("MAX_EVENT_BYTES", "1e5", "MAX_EVENT_BYTES=1e5: expected a whole number from 256 to 3500000"),
        ("RETENTION_DAYS", "forever", "RETENTION_DAYS=forever: expected a whole number from 1 to 3650"),
        ("REDIS_OUTAGE", "maybe", "REDIS_OUTAGE=maybe: expected accept or reject"),
        ("LOG_LEVEL", "loud", "LOG_LEVEL=loud: expected debug, info, warning or error"),
        ("REDIS_ADDR", "localhost", "REDIS_ADDR=localhost: expected host:port"),
        ("REDIS_ADDR", "localhost:70000", "REDIS_ADDR=localhost:70000: expected host:port"),
        (
            "KAFKA_BROKERS",
            "a:1;b:2",
            "KAFKA_BROKERS=a:1;b:2: expected host:port, or several of them separated by commas",
        ),
        ("KAFKA_BROKERS", ",", "KAFKA_BROKERS=,: expected host:port, or several of them separated by commas"),
        (
            "TOPIC_RAW",
            "events raw",
            "TOPIC_RAW=events raw: expected 1 to 249 letters, digits, dots, underscores or hyphens",
        ),
        ("TOPIC_DLQ", "..", "TOPIC_DLQ=..: expected 1 to 249 letters, digits, dots, underscores or hyphens"),
        ("KAFKA_GROUP", " ", "KAFKA_GROUP= : expected a name without blanks"),
        ("INGEST_HOST", "127.0.0.1 ", "INGEST_HOST=127.0.0.1 : expected a host name or an IP address"),
        (
            "RATE_LIMITS",
            "a:0",
            "RATE_LIMITS=a:0: expected tenant:limit,… with whole limits of at least 1, each tenant once",
        ),
        (
            "RATE_LIMITS",
            "a:1,a:2",
            "RATE_LIMITS=a:1,a:2: expected tenant:limit,… with whole limits of at least 1, each tenant once",
        ),
        ("ALLOWED_SCHEMA_VERSIONS", "1,two", "ALLOWED_SCHEMA_VERSIONS=1,two: expected whole numbers"),
        ("ADMIN_HOSTS", "a b", "ADMIN_HOSTS=a b: expected host names, separated by commas"),
    ],
)
def test_wrong_value_is_named(name: str, text: str, said: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The error names the setting, what it was, and what was expected, in plain English."""
    monkeypatch.setenv(name, text)
    with pytest.raises(ConfigurationError) as raised:
        load()
    assert str(raised.value).startswith(said)


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("API_KEYS", PASSWORD, "API_KEYS: expected tenant:key,…"),
        ("API_KEYS", f"tenant a:{PASSWORD}", "API_KEYS: expected tenant:key,…"),
        ("API_KEYS", f"{'t' * 65}:{PASSWORD}", "API_KEYS: expected tenant:key,…"),
        ("API_KEYS", f"a:{PASSWORD}é", "API_KEYS: expected tenant:key,…"),
        ("API_KEYS", ",", "API_KEYS: expected tenant:key,…"),
        ("ADMIN_TOKENS", PASSWORD, "ADMIN_TOKENS: expected name:token,…"),
        ("ADMIN_TOKENS", f"ops:{PASSWORD},ops:{PASSWORD}x", "ADMIN_TOKENS: expected name:token,…"),
        ("ADMIN_TOKENS", " ", "ADMIN_TOKENS: expected name:token,…"),
        ("REDIS_URL", f"http://:{PASSWORD}@localhost", "REDIS_URL: expected redis://"),
        ("DATABASE_URL", f"host=localhost password={PASSWORD}", "DATABASE_URL: expected postgresql://"),
        ("ADMIN_DATABASE_URL", f"mysql://root:{PASSWORD}@localhost", "ADMIN_DATABASE_URL: expected postgresql://"),
    ],
)
def test_wrong_secret_is_named_not_shown(name: str, text: str, said: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A wrong secret is explained without a character of it."""
    monkeypatch.setenv(name, text)
    with pytest.raises(ConfigurationError) as raised:
        load()
    assert str(raised.value).startswith(said)
    assert PASSWORD not in str(raised.value)
    assert raised.value.__cause__ is None
    assert raised.value.__suppress_context__


def test_every_wrong_value_is_named_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two mistakes are two lines, so that one start shows both."""
    monkeypatch.setenv("INGEST_PORT", "x")
    monkeypatch.setenv("REDIS_OUTAGE", "y")
    with pytest.raises(ConfigurationError) as raised:
        load()
    assert [line.split("=")[0] for line in str(raised.value).splitlines()] == ["INGEST_PORT", "REDIS_OUTAGE"]


def test_secrets_never_show() -> None:
    """Neither repr nor str of the settings holds a password, key or token."""
    settings = load(
        api_keys=f"a:{PASSWORD}",
        admin_tokens=f"ops:{PASSWORD}",
        redis_url=f"redis://:{PASSWORD}@localhost:6379/0",
        database_url=f"postgresql://u:{PASSWORD}@localhost/d",
        admin_database_url=f"postgresql://r:{PASSWORD}@localhost/d",
    )
    assert PASSWORD not in repr(settings) + str(settings) + settings.model_dump_json()


def test_every_credential_is_typed_secret() -> None:
    """What may hold a password, key or token is of a type that hides it."""
    # These two refuse to hold any.
    addresses = {"ingest_url", "processor_url"}
    named = {name for name in Settings.model_fields if name.endswith(("_keys", "_tokens", "_url"))} - addresses
    secret = {name for name, field in Settings.model_fields.items() if is_secret(field.annotation)}
    assert named == secret
    assert is_secret(SecretStr | None)
    assert not is_secret(str | None)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (
            {"ingest_host": "192.0.2.1"},
            "INGEST_HOST=192.0.2.1 is not loopback: API_KEYS or API_KEYS_FILE must be given",
        ),
        ({"admin_host": "::", "api_keys": "a:k"}, "ADMIN_HOST=:: is not loopback: ADMIN_TOKENS must be given"),
        (
            {"topic_dlq": "events.raw"},
            "TOPIC_RAW=events.raw and TOPIC_DLQ=events.raw: dead letters need a topic of their own",
        ),
        (
            {"topic_dlq": "events_raw"},
            "TOPIC_RAW=events.raw and TOPIC_DLQ=events_raw: dead letters need a topic of their own",
        ),
        ({"admin_port": 8080}, "INGEST_PORT and ADMIN_PORT are both 8080: each service needs a port of its own"),
    ],
)
def test_contradictions_stop_the_start(given: dict[str, object], said: str) -> None:
    """Settings that cannot hold together are named together."""
    with pytest.raises(ConfigurationError) as raised:
        load(**given)
    assert str(raised.value) == said


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "localhost"])
def test_loopback_needs_no_keys(host: str) -> None:
    """On loopback the documented keys are there without being given, and no token is needed."""
    settings = load(ingest_host=host, admin_host=host)
    assert settings.key_pairs() == (("tenant_a", "key_a"), ("tenant_b", "key_b"))
    assert settings.named_tokens() == {}


@pytest.mark.parametrize(
    "open_host", [{"admin_host": "192.0.2.1", "admin_tokens": "ops:secret"}, {"processor_host": "192.0.2.1"}]
)
def test_default_keys_are_for_loopback_only(open_host: dict[str, str]) -> None:
    """As soon as any service listens beyond loopback, the keys everyone knows are refused."""
    with pytest.raises(ConfigurationError, match=r"_HOST=192\.0\.2\.1 is not loopback: API_KEYS or API_KEYS_FILE must"):
        load(**open_host).key_pairs()


def test_beyond_loopback_with_keys_and_tokens() -> None:
    """With keys and tokens of one's own every address is allowed."""
    first, second = "0123456789abcdef", "t:3456789abcdef01"
    settings = load(
        ingest_host="192.0.2.1",
        admin_host="192.0.2.1",
        api_keys=f"a:{first}, a:{second}",
        admin_tokens=f"ops:{second}, dev:{first}",
    )
    assert settings.key_pairs() == (("a", first), ("a", second))
    assert settings.named_tokens() == {"ops": second, "dev": first}


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        ("shop:key_a", "the API key of shop is in the documentation; make one with `openssl rand -hex 16`"),
        ("shop:0123456789abcde", "the API key of shop is shorter than 16 characters; make one with `openssl"),
        (f"a:{PASSWORD}{PASSWORD},b:tiny", "the API key of b is shorter than 16 characters; make one with `openssl"),
    ],
)
@pytest.mark.parametrize("from_file", [False, True])
def test_keys_that_can_be_guessed_are_for_loopback_only(keys: str, said: str, folder: Path, from_file: bool) -> None:  # noqa: FBT001 - a case
    """Beyond it those of the documentation and short ones are refused, named by their tenant and not shown."""
    (folder / "keys").write_text(keys.replace(",", "\n"))
    given: dict[str, object] = {"api_keys_file": folder / "keys"} if from_file else {"api_keys": keys}
    assert load(**given).key_pairs()
    with pytest.raises(ConfigurationError) as raised:
        load("ingest", ingest_host="192.0.2.1", **given).key_pairs()
    assert str(raised.value).startswith(f"INGEST_HOST=192.0.2.1 is not loopback: {said}")
    assert not any(pair.partition(":")[2] in str(raised.value) for pair in keys.split(","))


def test_tokens_that_can_be_guessed_are_for_loopback_only() -> None:
    """The same of the admin API's tokens, named by their holder."""
    assert load(admin_tokens="ops:short").named_tokens() == {"ops": "short"}
    with pytest.raises(ConfigurationError, match=r"^ADMIN_HOST=:: is not loopback: the admin token of ops is shorter"):
        load("admin", admin_host="::", admin_tokens="ops:short").named_tokens()


def test_limits_of_unknown_tenants() -> None:
    """A misspelt tenant is refused with the right one, another one is told."""
    with pytest.raises(ConfigurationError, match=r"^RATE_LIMITS: tenat_a has no API key: expected tenant_a$"):
        load(rate_limits="tenat_a:5").check_limits()
    told = load(rate_limits="tenant_a:5,tenant_c:5").check_limits()
    assert told == ["RATE_LIMITS: tenant_c has no API key, so its limit is of no effect"]


@pytest.mark.parametrize(
    "text", ["localhost:5173", "http://h/path", "*", "null", "http://u@h", "http://a,", "ftp://h", "http://h?x"]
)
def test_wrong_origins_are_named(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither every page nor a path is an origin."""
    monkeypatch.setenv("ADMIN_DEV_ORIGINS", text)
    with pytest.raises(ConfigurationError, match=r"^ADMIN_DEV_ORIGINS.*: expected origins like http://localhost:5173"):
        load()


def test_key_file_adds_to_keys(folder: Path) -> None:
    """A file of keys is read with comments, blank lines and a byte order mark, beside `API_KEYS`."""
    file = folder / "keys"
    file.write_text("\ufeff# producers\n\n tenant_c : key:c \n", "utf-8")
    assert load(api_keys="a:k", api_keys_file=file).key_pairs() == (("a", "k"), ("tenant_c", "key:c"))


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"a:k\nhunter2hunter2\n", "line 2: expected tenant:key"),
        (b"bad tenant:hunter2hunter2\n", "line 1: expected tenant:key"),
        (b"a:hunter2 hunter2\n", "line 1: expected tenant:key"),
        (b"# nothing\n", "holds no key: expected a tenant:key a line"),
        (b"a:\xff\n", "cannot be read: "),
    ],
)
def test_wrong_key_file_is_named_not_shown(content: bytes, said: str, folder: Path) -> None:
    """A wrong file of keys is named with the line, never with what stands there."""
    file = folder / "keys"
    file.write_bytes(content)
    with pytest.raises(ConfigurationError) as raised:
        load(api_keys_file=file).key_pairs()
    assert f"API_KEYS_FILE={file}" in str(raised.value)
    assert said in str(raised.value)
    assert "hunter2" not in str(raised.value)


def test_missing_key_file_is_named(folder: Path) -> None:
    """A file of keys that is not there is an error, not an open door."""
    with pytest.raises(ConfigurationError, match=r"API_KEYS_FILE=.*nowhere cannot be read"):
        load(api_keys_file=folder / "nowhere").key_pairs()


def test_one_key_of_two_tenants_is_refused() -> None:
    """A key that would stand for two tenants is refused, without being shown."""
    with pytest.raises(ConfigurationError, match=r"^API keys: a and b have the same key$"):
        load(api_keys="a:same,b:same").key_pairs()
    assert load(api_keys="a:same,a:same").key_pairs()


@given(
    st.dictionaries(
        st.text("abcXYZ019._-", min_size=1, max_size=64), st.integers(min_value=1, max_value=999_999_999), min_size=1
    )
)
def test_rate_limits_read_back(limits: dict[str, int]) -> None:
    """Every list of limits written as documented is read as it was meant, and other tenants keep the default."""
    settings = load(_env_file=None, rate_limits=",".join(f"{tenant}:{n}" for tenant, n in limits.items()))
    assert settings.rate_limits == limits
    assert all(settings.rate_limit_of(tenant) == n for tenant, n in limits.items())
    assert settings.rate_limit_of("somebody") == 300


def test_redis_url_wins_over_address() -> None:
    """`REDIS_URL` beats `REDIS_ADDR`; the address alone means database 0."""
    assert load().configured_redis_url is None
    assert load(redis_addr="localhost:1").configured_redis_url == "redis://localhost:1/0"
    assert load(redis_addr="localhost:1", redis_url="rediss://:p@h:2/3").configured_redis_url == "rediss://:p@h:2/3"


@pytest.mark.parametrize(
    ("host", "url"),
    [("127.0.0.1", "http://127.0.0.1:1"), ("0.0.0.0", "http://127.0.0.1:1"), ("::1", "http://[::1]:1")],  # noqa: S104 - read only
)
def test_the_url_is_one_a_client_here_can_use(host: str, url: str) -> None:
    """Also where the service listens on all addresses."""
    assert http_url(host, 1) == url
