"""API keys and admin tokens: default ones and weak ones are for loopback only."""

from pathlib import Path

import pytest

from event_platform.core.errors import ConfigurationError
from event_platform.core.settings.loading import load

PASSWORD = "hunter2hunter2"


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "localhost"])
def test_loopback_needs_no_keys(host: str) -> None:
    """On loopback the documented keys apply without being set, and no token is needed."""
    settings = load(ingest_host=host, admin_host=host)
    assert settings.key_pairs() == (("tenant_a", "key_a"), ("tenant_b", "key_b"))
    assert settings.named_tokens() == {}


@pytest.mark.parametrize(
    "open_host", [{"admin_host": "192.0.2.1", "admin_tokens": "ops:secret"}, {"processor_host": "192.0.2.1"}]
)
def test_default_keys_are_for_loopback_only(open_host: dict[str, str]) -> None:
    """As soon as any service listens beyond loopback, the documented keys are refused."""
    with pytest.raises(ConfigurationError, match=r"_HOST=192\.0\.2\.1 is not loopback: API_KEYS or API_KEYS_FILE must"):
        load(**open_host).key_pairs()


def test_beyond_loopback_with_keys_and_tokens() -> None:
    """With strong keys and tokens a service may listen on any address."""
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
def test_weak_keys_are_for_loopback_only(keys: str, said: str, folder: Path, from_file: bool) -> None:  # noqa: FBT001 - a case
    """Beyond loopback, documented and short keys are refused; the error names the tenant but not the key."""
    (folder / "keys").write_text(keys.replace(",", "\n"))
    given: dict[str, object] = {"api_keys_file": folder / "keys"} if from_file else {"api_keys": keys}
    assert load(**given).key_pairs()
    with pytest.raises(ConfigurationError) as raised:
        load("ingest", ingest_host="192.0.2.1", **given).key_pairs()
    assert str(raised.value).startswith(f"INGEST_HOST=192.0.2.1 is not loopback: {said}")
    assert not any(pair.partition(":")[2] in str(raised.value) for pair in keys.split(","))


def test_weak_tokens_are_for_loopback_only() -> None:
    """Beyond loopback, a short admin token is refused; the error names its holder."""
    assert load(admin_tokens="ops:short").named_tokens() == {"ops": "short"}
    with pytest.raises(ConfigurationError, match=r"^ADMIN_HOST=:: is not loopback: the admin token of ops is shorter"):
        load("admin", admin_host="::", admin_tokens="ops:short").named_tokens()


def test_rate_limits_of_unknown_tenants() -> None:
    """A misspelt tenant is an error that names the right one; any other unknown tenant is a warning."""
    with pytest.raises(ConfigurationError, match=r"^RATE_LIMITS: tenat_a has no API key: expected tenant_a$"):
        load(rate_limits="tenat_a:5").check_limits()
    told = load(rate_limits="tenant_a:5,tenant_c:5").check_limits()
    assert told == ["RATE_LIMITS: tenant_c has no API key, so its limit is of no effect"]


def test_tenants_may_not_share_a_key() -> None:
    """A key of two tenants is refused without being shown; one tenant may list it twice."""
    with pytest.raises(ConfigurationError, match=r"^API keys: a and b have the same key$"):
        load(api_keys="a:same,b:same").key_pairs()
    assert load(api_keys="a:same,a:same").key_pairs()
