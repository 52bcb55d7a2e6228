"""Authentication: API key → tenant with its rate limit; keys are kept as digests only."""

import hashlib
from collections.abc import Iterable
from typing import Final

from event_platform.core.settings.loading import load
from event_platform.core.settings.model import Settings
from event_platform.ingest.claims import Tenant
from event_platform.ingest.rate_limits import RateLimits
from event_platform.ingest.rejections import UNAUTHORIZED, Rejection

_RELOADED_SETTINGS: Final = ("api_keys", "api_keys_file", "rate_limit_per_min", "rate_limits")


def reload_key_settings(settings: Settings) -> Settings:
    """Return ``settings`` with the current API keys and rate limits of the environment and ``.env``.

    Raises:
        ConfigurationError: A setting is wrong; the message names it.
    """
    now = load("ingest")
    now.check_limits()
    return settings.model_copy(update={name: getattr(now, name) for name in _RELOADED_SETTINGS})


class ApiKeys:
    """Tenants by the SHA-256 of their keys.

    The time of a lookup reveals nothing about any key, because a client that guesses keys cannot choose their digests.
    """

    def __init__(self, pairs: Iterable[tuple[str, str]], limits: RateLimits) -> None:
        self._limits = limits
        self._tenants = self._by_digest(pairs)

    def replace(self, pairs: Iterable[tuple[str, str]], limits: RateLimits) -> None:
        """Replace all ``(tenant, key)`` pairs and limits."""
        self._limits = limits
        self._tenants = self._by_digest(pairs)

    def tenant_for(self, key: bytes | None) -> Tenant:
        """Return the tenant that ``key`` belongs to.

        Raises:
            Rejection: 401, identical for a missing and an unknown key.
        """
        tenant = self._tenants.get(hashlib.sha256(key).digest()) if key else None
        if tenant is None:
            raise Rejection(UNAUTHORIZED, headers=((b"www-authenticate", b"ApiKey"),))
        return tenant

    def _by_digest(self, pairs: Iterable[tuple[str, str]]) -> dict[bytes, Tenant]:
        return {hashlib.sha256(key.encode()).digest(): Tenant(tenant, self._limits.of(tenant)) for tenant, key in pairs}
