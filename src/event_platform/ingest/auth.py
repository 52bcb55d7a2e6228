"""Who sends, and how much they may: API keys are known by their digests only."""

import hashlib
from collections.abc import Iterable

from event_platform.core.settings.declaration import Settings
from event_platform.core.settings.loading import load
from event_platform.ingest.admission import Tenant
from event_platform.ingest.limits import Limits
from event_platform.ingest.problems import UNAUTHORIZED, Refusal

_READ_AGAIN = ("api_keys", "api_keys_file", "rate_limit_per_min", "rate_limits")


def read_again(settings: Settings) -> Settings:
    """``settings`` with the API keys and limits that the environment and ``.env`` give now.

    Raises:
        ConfigurationError: Some setting is wrong now; the message names it.
    """
    now = load("ingest")
    now.check_limits()
    return settings.model_copy(update={name: getattr(now, name) for name in _READ_AGAIN})


class ApiKeys:
    """Tenants by the SHA-256 of their keys.

    A lookup by digest takes a time that says nothing of any key: whoever tries keys cannot choose digests.
    """

    def __init__(self, pairs: Iterable[tuple[str, str]], limits: Limits) -> None:
        self._limits = limits
        self._tenants = self._by_digest(pairs)

    def replace(self, pairs: Iterable[tuple[str, str]], limits: Limits) -> None:
        """From now on these ``(tenant, key)`` pairs and limits count, and no others."""
        self._limits = limits
        self._tenants = self._by_digest(pairs)

    def tenant_of(self, key: bytes | None) -> Tenant:
        """Whose ``key`` it is.

        Raises:
            Refusal: 401, one and the same for a missing and an unknown key.
        """
        tenant = self._tenants.get(hashlib.sha256(key).digest()) if key else None
        if tenant is None:
            raise Refusal(UNAUTHORIZED, headers=((b"www-authenticate", b"ApiKey"),))
        return tenant

    def _by_digest(self, pairs: Iterable[tuple[str, str]]) -> dict[bytes, Tenant]:
        return {hashlib.sha256(key.encode()).digest(): Tenant(tenant, self._limits.of(tenant)) for tenant, key in pairs}
