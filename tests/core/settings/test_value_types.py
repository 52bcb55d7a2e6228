"""The types of settings: each invalid value is named with what was expected."""

import pytest

from event_platform.core.errors import ConfigurationError
from event_platform.core.settings.loading import load

PASSWORD = "hunter2hunter2"


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
def test_invalid_value_is_named(name: str, text: str, said: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The error names the setting, its value, and what was expected."""
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
def test_invalid_secret_is_named_but_not_shown(
    name: str, text: str, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The error for an invalid secret contains no character of it."""
    monkeypatch.setenv(name, text)
    with pytest.raises(ConfigurationError) as raised:
        load()
    assert str(raised.value).startswith(said)
    assert PASSWORD not in str(raised.value)
    assert raised.value.__cause__ is None
    assert raised.value.__suppress_context__


@pytest.mark.parametrize(
    "text", ["localhost:5173", "http://h/path", "*", "null", "http://u@h", "http://a,", "ftp://h", "http://h?x"]
)
def test_invalid_origins_are_named(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """An origin is a scheme and a host, without path; a wildcard is none."""
    monkeypatch.setenv("ADMIN_DEV_ORIGINS", text)
    with pytest.raises(ConfigurationError, match=r"^ADMIN_DEV_ORIGINS.*: expected origins like http://localhost:5173"):
        load()
