"""The file of API keys: one ``tenant:key`` per line, and ``#`` comments."""

from pathlib import Path

from event_platform.core.envelope import TENANT_NAME
from event_platform.core.errors import ConfigurationError
from event_platform.core.settings.env_file import ENCODING


def read_api_keys(path: Path) -> tuple[tuple[str, str], ...]:
    """Return ``(tenant, key)`` of every line.

    Raises:
        ConfigurationError: The file cannot be read, has no key, or a line is not ``tenant:key``.
    """
    try:
        lines = path.read_text(ENCODING).splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"API_KEYS_FILE={path} cannot be read: {error}") from error
    numbered = ((number, line.strip()) for number, line in enumerate(lines, 1))
    pairs = tuple(_parse_line(path, number, line) for number, line in numbered if line and not line.startswith("#"))
    if not pairs:
        raise ConfigurationError(f"API_KEYS_FILE={path} holds no key: expected a tenant:key a line")
    return pairs


def _parse_line(path: Path, number: int, line: str) -> tuple[str, str]:
    tenant, _, key = (part.strip() for part in line.partition(":"))
    # The message does not quote the line, because it may contain a key.
    if not TENANT_NAME.fullmatch(tenant) or not key.isascii() or not key.isprintable() or " " in key or not key:
        raise ConfigurationError(f"API_KEYS_FILE={path}, line {number}: expected tenant:key")
    return tenant, key
