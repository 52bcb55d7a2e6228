"""Misspelt names are known for what was meant, and other programs' names are left alone."""

import pytest

from event_platform.core.settings.declaration import Settings
from event_platform.core.settings.misspelt_names import edit_distance, find_intended_setting, find_intended_tenant
from event_platform.core.settings.names import accepted_names

KNOWN = accepted_names(Settings.model_fields)


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("RATE_LIMIT_PER_MINUTE", "RATE_LIMIT_PER_MIN"),
        ("REDIS_OUTTAGE", "REDIS_OUTAGE"),
        ("INGEST_PROT", "INGEST_PORT"),
        ("API_KEY", "API_KEYS"),
        ("APIKEYS", "API_KEYS"),
        ("API_KEYS_FILES", "API_KEYS_FILE"),
        ("ADMIN_TOKEN", "ADMIN_TOKENS"),
        ("ADMIN_TOKENS_FIEL", "ADMIN_TOKENS_FILE"),
        ("RATE_LIMIT", "RATE_LIMITS"),
        ("RATELIMIT_PER_MIN", "RATE_LIMIT_PER_MIN"),
        ("KAFKA_BROKER", "KAFKA_BROKERS"),
        ("DATABASE_URI", "DATABASE_URL"),
        ("REDIS_ADDRESS", "REDIS_ADDR"),
        ("IDEMPOTENCY_TTL", "IDEMPOTENCY_TTL_SECONDS"),
        ("IDEMPOTENCY_TTL_SECS", "IDEMPOTENCY_TTL_SECONDS"),
        ("LOG_LVL", "LOG_LEVEL"),
        ("DLQ_TOPIC", "TOPIC_DLQ"),
        ("INGEST-PORT", "INGEST_PORT"),
        ("rate_limit_per_minute", "RATE_LIMIT_PER_MIN"),
    ],
)
def test_misspelt(name: str, meant: str) -> None:
    """Slips, joined and turned words, other units and cut ends lead to the name that is right."""
    assert find_intended_setting(name, KNOWN) == meant


@pytest.mark.parametrize(
    "name",
    [
        *("DATABASE_URL_TEST", "LOG_LEVEL_X", "POSTGRES_URL", "POSTGRES_USER", "POSTGRES_PASSWORD", "DATABASE_USER"),
        *("REDIS_HOST", "REDIS_PORT", "REDIS_USER", "KAFKA_PORT", "KAFKA_HEAP_OPTS", "ADMIN_EMAIL", "ADMIN_URL"),
        *("PGHOST", "PATH", "HOME", "HOST", "PORT", "LOGNAME", "KAFKA", "TOPIC", "JAVA_HOME", "LOG_FILE", "TERM"),
    ],
)
def test_names_of_others(name: str) -> None:
    """What others call their settings is no slip, also where it begins with one of ours and another word follows."""
    assert find_intended_setting(name, KNOWN) is None


@pytest.mark.parametrize("name", ["tenat_a", "tenant-a", "Tenant_A", "tenanta", "tennant_a"])
def test_misspelt_tenant(name: str) -> None:
    """Slips, case and the mark between the words."""
    assert find_intended_tenant(name, ["shop", "tenant_a"]) == "tenant_a"


@pytest.mark.parametrize("name", ["tenant_c", "shop-2", "eu-east", "bank1", "bank", "x"])
def test_tenant_of_its_own(name: str) -> None:
    """One letter or number that tells things of a kind apart is no slip."""
    assert find_intended_tenant(name, ["tenant_a", "shop-1", "eu-west", "bank2", "y"]) is None


@pytest.mark.parametrize(
    ("one", "other", "number"),
    [
        *(("PORT", "PORT", 0), ("PROT", "PORT", 1), ("PORTS", "PORT", 1), ("PRT", "PORT", 1), ("PART", "PORT", 1)),
        *(("", "PORT", 4), ("OUTTAGE", "OUTAGE", 1), ("ADMIN", "TOPIC", 4)),
    ],
)
def test_slips(one: str, other: str, number: int) -> None:
    """Letters left out, added, changed or swapped, counted the same from both sides."""
    assert edit_distance(one, other) == edit_distance(other, one) == number
