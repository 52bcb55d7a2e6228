"""Where requests go, and with whose API keys."""

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from event_platform.core.errors import ConfigurationError


@dataclass(frozen=True, slots=True)
class Target:
    """The ingest service under test.

    Attributes:
        path: Prefix of all paths, for an ingest behind a gateway; without a trailing slash.
        keys: API key of each tenant that sends.
    """

    host: str
    port: int
    tls: bool
    path: str
    keys: Mapping[str, str]

    @property
    def authority(self) -> str:
        """Value of the ``Host`` header."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}"


def parse_target(url: str, keys: Mapping[str, str]) -> Target:
    """Return the target at ``url``.

    Raises:
        ConfigurationError: It is not an http or https URL.
    """
    try:
        parts = urlsplit(url)
        port = parts.port or (443 if parts.scheme == "https" else 80)
    except ValueError as error:
        raise ConfigurationError(f"--url {url}: {error}") from error
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ConfigurationError(f"--url {url}: expected http://host:port or https://host:port")
    return Target(parts.hostname, port, parts.scheme == "https", parts.path.rstrip("/"), keys)
