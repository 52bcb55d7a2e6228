"""The quotas that ingest runs with during a demo."""

from collections.abc import Iterable
from typing import Final

RAISED_QUOTA: Final = 600_000
"""Events per minute and tenant; more than any demo sends."""


def raised_quotas(tenants: Iterable[str]) -> dict[str, int]:
    """Return a quota for each tenant that no demo reaches."""
    return dict.fromkeys(tenants, RAISED_QUOTA)


def rate_limits_setting(quotas: dict[str, int]) -> dict[str, str]:
    """Return the setting of ingest that gives each tenant its quota of events per minute."""
    return {"RATE_LIMITS": ",".join(f"{tenant}:{quota}" for tenant, quota in quotas.items())}
