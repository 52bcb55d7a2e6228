"""The file of API keys: a ``tenant:key`` a line, with ``#`` comments."""

from pathlib import Path

from event_platform.core.envelope import TENANT_NAME
from event_platform.core.errors import ConfigurationError


def read_file(path: Path) -> tuple[tuple[str, str], ...]:
    """``(tenant, key)`` of each line.

    Raises:
        ConfigurationError: The file cannot be read, holds no key, or a line of it is no ``tenant:key``.
    """
    try:
        lines = path.read_text("utf-8").splitlines()
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
