"""API keys and admin tokens in effect; beyond loopback they must not be easy to guess."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Final

from event_platform.core.addresses import LOOPBACK_HOSTS
from event_platform.core.errors import ConfigurationError
from event_platform.core.settings.api_key_file import read_api_keys
from event_platform.core.settings.misspelt_names import find_intended_tenant
from event_platform.core.settings.value_types import parse_pairs

if TYPE_CHECKING:
    from event_platform.core.settings.model import Settings

DEFAULT_API_KEYS: Final = "tenant_a:key_a,tenant_b:key_b"
"""These keys are in the documentation, so everybody knows them."""

MIN_SECRET_CHARACTERS: Final = 16
"""A shorter key or token can be guessed over a network."""

_HOW_TO_MAKE_ONE: Final = "make one with `openssl rand -hex 16`"

_Pairs = tuple[tuple[str, str], ...]


def api_keys(settings: "Settings") -> _Pairs:
    """Return ``(tenant, key)`` of every API key; see `Settings.key_pairs`."""
    if not settings.api_keys and not settings.api_keys_file:
        return _default_api_keys(settings)
    keys = parse_pairs(settings.api_keys.get_secret_value()) if settings.api_keys else ()
    keys += read_api_keys(settings.api_keys_file) if settings.api_keys_file else ()
    _check_distinct(keys)
    if settings.ingest_host not in LOOPBACK_HOSTS:
        _check_strength(f"INGEST_HOST={settings.ingest_host}", keys, "API key")
    return keys


def _default_api_keys(settings: "Settings") -> _Pairs:
    for name in ("ingest_host", "admin_host", "processor_host"):
        if getattr(settings, name) not in LOOPBACK_HOSTS:
            raise ConfigurationError(
                f"{name.upper()}={getattr(settings, name)} is not loopback: API_KEYS or API_KEYS_FILE must be given"
            )
    return parse_pairs(DEFAULT_API_KEYS)


def admin_tokens(settings: "Settings") -> dict[str, str]:
    """Return the admin tokens by the names of their holders; see `Settings.named_tokens`."""
    tokens = dict(parse_pairs(settings.admin_tokens.get_secret_value())) if settings.admin_tokens else {}
    if settings.admin_host not in LOOPBACK_HOSTS:
        _check_strength(f"ADMIN_HOST={settings.admin_host}", tokens.items(), "admin token")
    return tokens


def _check_distinct(keys: _Pairs) -> None:
    """Raise `ConfigurationError` if two tenants have the same key."""
    tenant_of: dict[str, str] = {}
    for tenant, key in keys:
        if tenant_of.setdefault(key, tenant) != tenant:
            raise ConfigurationError(f"API keys: {tenant_of[key]} and {tenant} have the same key")


def _check_strength(address: str, secrets: Iterable[tuple[str, str]], kind: str) -> None:
    """Refuse secrets that a stranger could guess.

    Args:
        address: The setting that opens the service to the network, with its value.
        secrets: Each secret with the name of its owner, which the message shows.
        kind: What they are, in a word or two.

    Raises:
        ConfigurationError: A secret is in the documentation or shorter than `MIN_SECRET_CHARACTERS`.
    """
    documented = {key for _, key in parse_pairs(DEFAULT_API_KEYS)}
    for owner, secret in secrets:
        if secret in documented:
            raise ConfigurationError(
                f"{address} is not loopback: the {kind} of {owner} is in the documentation; {_HOW_TO_MAKE_ONE}"
            )
        if len(secret) < MIN_SECRET_CHARACTERS:
            raise ConfigurationError(
                f"{address} is not loopback: the {kind} of {owner} is shorter than {MIN_SECRET_CHARACTERS} "
                f"characters; {_HOW_TO_MAKE_ONE}"
            )


def check_rate_limits(settings: "Settings") -> list[str]:
    """Return warnings about `RATE_LIMITS` of tenants that have no key; see `Settings.check_limits`."""
    known = {tenant for tenant, _ in api_keys(settings)}
    unknown = [tenant for tenant in settings.rate_limits if tenant not in known]
    for tenant in unknown:
        if intended := find_intended_tenant(tenant, sorted(known)):
            raise ConfigurationError(f"RATE_LIMITS: {tenant} has no API key: expected {intended}")
    return [f"RATE_LIMITS: {tenant} has no API key, so its limit is of no effect" for tenant in unknown]
