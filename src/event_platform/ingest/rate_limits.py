"""Rate limits of the tenants, and the headers that report them (draft-ietf-httpapi-ratelimit-headers)."""

import math
from typing import Final

from event_platform.core.settings.model import Settings
from event_platform.ingest.rejections import RATE_LIMITED, Rejection

WINDOW_SECONDS: Final = 60


class RateLimits:
    """Requests that each tenant may send in any 60 seconds."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._known: dict[str, int] = {}

    def of(self, tenant: str) -> int:
        """Return the limit of ``tenant``."""
        limit = self._known.get(tenant)
        if limit is None:
            limit = self._known[tenant] = self._settings.rate_limit_of(tenant)
        return limit


def headers(limit: int, retry_ms: int) -> tuple[tuple[bytes, bytes], ...]:
    """Return the three headers of a 429; a retry can succeed after ``retry_ms`` milliseconds."""
    seconds = max(1, math.ceil(retry_ms / 1_000))
    return (
        (b"retry-after", b"%d" % seconds),
        (b"ratelimit-policy", b'"default";q=%d;w=%d' % (limit, WINDOW_SECONDS)),
        (b"ratelimit", b'"default";r=0;t=%d' % seconds),
    )


def rate_limited(limit: int, retry_ms: int) -> Rejection:
    """Return the 429 that says when to try again."""
    return Rejection(RATE_LIMITED, headers=headers(limit, retry_ms))
