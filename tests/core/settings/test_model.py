"""The declared settings: defaults, secrecy and derived values."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr, ValidationError

from event_platform.core.settings.loading import load
from event_platform.core.settings.model import Settings
from event_platform.core.settings.value_types import is_secret

PASSWORD = "hunter2hunter2"


def test_defaults_are_the_documented_ones() -> None:
    """Without any setting, the documented ports, topics, rate limit and TTL apply."""
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


def test_settings_are_immutable() -> None:
    """No setting changes after the start."""
    with pytest.raises(ValidationError):
        load().ingest_port = 1


def test_secrets_are_never_shown() -> None:
    """Neither repr, str nor JSON of the settings contains a password, key or token."""
    settings = load(
        api_keys=f"a:{PASSWORD}",
        admin_tokens=f"ops:{PASSWORD}",
        redis_url=f"redis://:{PASSWORD}@localhost:6379/0",
        database_url=f"postgresql://u:{PASSWORD}@localhost/d",
        admin_database_url=f"postgresql://r:{PASSWORD}@localhost/d",
    )
    assert PASSWORD not in repr(settings) + str(settings) + settings.model_dump_json()


def test_every_credential_has_a_secret_type() -> None:
    """Every setting that may contain a password, key or token has a type that hides it."""
    # These two refuse to hold any.
    addresses = {"ingest_url", "processor_url"}
    named = {name for name in Settings.model_fields if name.endswith(("_keys", "_tokens", "_url"))} - addresses
    secret = {name for name, field in Settings.model_fields.items() if is_secret(field.annotation)}
    assert named == secret
    assert is_secret(SecretStr | None)
    assert not is_secret(str | None)


def test_redis_url_takes_precedence_over_redis_addr() -> None:
    """`REDIS_URL` takes precedence over `REDIS_ADDR`, which means database 0."""
    assert load().configured_redis_url is None
    assert load(redis_addr="localhost:1").configured_redis_url == "redis://localhost:1/0"
    assert load(redis_addr="localhost:1", redis_url="rediss://:p@h:2/3").configured_redis_url == "rediss://:p@h:2/3"


@given(
    st.dictionaries(
        st.text("abcXYZ019._-", min_size=1, max_size=64), st.integers(min_value=1, max_value=999_999_999), min_size=1
    )
)
def test_rate_limits_apply_per_tenant(limits: dict[str, int]) -> None:
    """Every documented list of limits is parsed as written, and other tenants have the default limit."""
    settings = load(_env_file=None, rate_limits=",".join(f"{tenant}:{n}" for tenant, n in limits.items()))
    assert settings.rate_limits == limits
    assert all(settings.rate_limit_of(tenant) == n for tenant, n in limits.items())
    assert settings.rate_limit_of("somebody") == 300
