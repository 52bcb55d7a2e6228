"""API keys: the file of them, a ``tenant:key`` a line with ``#`` comments, and which of them are no secret."""

from collections.abc import Collection, Iterable
from pathlib import Path
from typing import Final

from event_platform.core.envelope import TENANT_NAME
from event_platform.core.errors import ConfigurationError
from event_platform.core.settings.files import ENCODING
from event_platform.core.settings.misspelt_names import resembled_tenant

DEFAULT_API_KEYS: Final = "tenant_a:key_a,tenant_b:key_b"
"""Everybody who read the documentation knows these."""

SHORTEST_SECRET: Final = 16
"""Characters; a shorter key or token can be guessed over a network."""

_MAKE_ONE: Final = "make one with `openssl rand -hex 16`"


def read_file(path: Path) -> tuple[tuple[str, str], ...]:
    """``(tenant, key)`` of each line.

    Raises:
        ConfigurationError: The file cannot be read, holds no key, or a line of it is no ``tenant:key``.
    """
    try:
        lines = path.read_text(ENCODING).splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"API_KEYS_FILE={path} cannot be read: {error}") from error
    numbered = ((number, line.strip()) for number, line in enumerate(lines, 1))
    pairs = tuple(_pair(path, number, line) for number, line in numbered if line and not line.startswith("#"))
    if not pairs:
        raise ConfigurationError(f"API_KEYS_FILE={path} holds no key: expected a tenant:key a line")
    return pairs


def _pair(path: Path, number: int, line: str) -> tuple[str, str]:
    tenant, _, key = (part.strip() for part in line.partition(":"))
    # The line itself is not shown, because it may hold a key.
    if not TENANT_NAME.fullmatch(tenant) or not key.isascii() or not key.isprintable() or " " in key or not key:
        raise ConfigurationError(f"API_KEYS_FILE={path}, line {number}: expected tenant:key")
    return tenant, key


def check_distinct(pairs: tuple[tuple[str, str], ...]) -> None:
    """Raise `ConfigurationError` where one key stands for two tenants."""
    tenant_of: dict[str, str] = {}
    for tenant, key in pairs:
        if tenant_of.setdefault(key, tenant) != tenant:
            raise ConfigurationError(f"API keys: {tenant_of[key]} and {tenant} have the same key")


def check_strength(address: str, named: Iterable[tuple[str, str]], kind: str) -> None:
    """Refuse what a stranger could guess.

    Args:
        address: The setting and its value by which strangers reach the service.
        named: Each key or token with the name of its owner, which is shown.
        kind: What they are, in a word or two.

    Raises:
        ConfigurationError: One is of the documentation, or shorter than `SHORTEST_SECRET`.
    """
    documented = {part.partition(":")[2] for part in DEFAULT_API_KEYS.split(",")}
    for name, secret in named:
        if secret in documented:
            raise ConfigurationError(
                f"{address} is not loopback: the {kind} of {name} stands in the documentation; {_MAKE_ONE}"
            )
        if len(secret) < SHORTEST_SECRET:
            raise ConfigurationError(
                f"{address} is not loopback: the {kind} of {name} is shorter than {SHORTEST_SECRET} characters; "
                f"{_MAKE_ONE}"
            )


def check_limited(limited: Iterable[str], known: Collection[str]) -> list[str]:
    """Sentences on tenants that have a limit and no key.

    Raises:
        ConfigurationError: One is a misspelt tenant of those ``known``.
    """
    unknown = [tenant for tenant in limited if tenant not in known]
    for tenant in unknown:
        if meant := resembled_tenant(tenant, sorted(known)):
            raise ConfigurationError(f"RATE_LIMITS: {tenant} has no API key: expected {meant}")
    return [f"RATE_LIMITS: {tenant} has no API key, so its limit is of no effect" for tenant in unknown]
