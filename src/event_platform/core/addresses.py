"""Host names with a special meaning: loopback, and the wildcard that a service listens on but no client connects to."""

from collections.abc import Mapping
from typing import Final

LOOPBACK_HOSTS: Final = frozenset({"127.0.0.1", "::1", "localhost"})

WILDCARD_HOSTS: Final[Mapping[str, str]] = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - compared, never bound
"""The address that listens on every interface, and the loopback address at which it is reached, per IP version."""


def reachable_host(host: str) -> str:
    """Return the host that a client on this machine connects to when a service listens on ``host``."""
    return WILDCARD_HOSTS.get(host, host)


def http_url(host: str, port: int) -> str:
    """Return the base URL at which a client on this machine reaches a service that listens on ``host`` and ``port``."""
    reachable = reachable_host(host)
    return f"http://[{reachable}]:{port}" if ":" in reachable else f"http://{reachable}:{port}"
