"""Misspelt names lead to the setting that was meant, and other programs' names to none."""

import pytest

from event_platform.core.settings.misspelt_names import edit_distance, find_intended_setting, find_intended_tenant
from event_platform.core.settings.model import Settings
from event_platform.core.settings.names import accepted_names

KNOWN = accepted_names(Settings.model_fields)


@pytest.mark.parametrize(
    ("name", "intended"),
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
def test_misspelt_setting(name: str, intended: str) -> None:
    """Typos, joined and reordered words, abbreviations and missing last words lead to the right name."""
    assert find_intended_setting(name, KNOWN) == intended


@pytest.mark.parametrize(
    "name",
    [
        *("DATABASE_URL_TEST", "LOG_LEVEL_X", "POSTGRES_URL", "POSTGRES_USER", "POSTGRES_PASSWORD", "DATABASE_USER"),
        *("REDIS_HOST", "REDIS_PORT", "REDIS_USER", "KAFKA_PORT", "KAFKA_HEAP_OPTS", "ADMIN_EMAIL", "ADMIN_URL"),
        *("PGHOST", "PATH", "HOME", "HOST", "PORT", "LOGNAME", "KAFKA", "TOPIC", "JAVA_HOME", "LOG_FILE", "TERM"),
    ],
)
def test_name_of_another_program(name: str) -> None:
    """Another program's name is no typo, even if it is a setting's name and one more word."""
    assert find_intended_setting(name, KNOWN) is None


@pytest.mark.parametrize("name", ["tenat_a", "tenant-a", "Tenant_A", "tenanta", "tennant_a"])
def test_misspelt_tenant(name: str) -> None:
    """Typos, upper case and another separator lead to the tenant."""
    assert find_intended_tenant(name, ["shop", "tenant_a"]) == "tenant_a"


@pytest.mark.parametrize("name", ["tenant_c", "shop-2", "eu-east", "bank1", "bank", "x"])
def test_different_tenant(name: str) -> None:
    """A letter or number that distinguishes tenants is no typo."""
    assert find_intended_tenant(name, ["tenant_a", "shop-1", "eu-west", "bank2", "y"]) is None


@pytest.mark.parametrize(
    ("one", "other", "number"),
    [
        *(("PORT", "PORT", 0), ("PROT", "PORT", 1), ("PORTS", "PORT", 1), ("PRT", "PORT", 1), ("PART", "PORT", 1)),
        *(("", "PORT", 4), ("OUTTAGE", "OUTAGE", 1), ("ADMIN", "TOPIC", 4)),
    ],
)
def test_edit_distance(one: str, other: str, number: int) -> None:
    """Omitted, added, replaced and swapped letters count one each, in both directions."""
    assert edit_distance(one, other) == edit_distance(other, one) == number
