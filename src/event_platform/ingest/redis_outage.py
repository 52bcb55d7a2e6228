"""Admission while Redis is unavailable: `REDIS_OUTAGE` and the fallback limiter decide in its place."""

from typing import Literal

import msgspec

from event_platform.ingest import rate_limits, rejections
from event_platform.ingest.claims import Admitted, Claim, Tenant
from event_platform.ingest.fallback_limiter import FallbackLimiter, QuotaReservation
from event_platform.ingest.redis_connection import RedisUnavailableError
from event_platform.ingest.rejections import Rejection
from event_platform.ingest.shared_counters import Counters


class OutageAnswer(msgspec.Struct, frozen=True, gc=False):
    """Takes the place of an answer that Redis did not give.

    Attributes:
        sent: Whether Redis may have executed the operation.
        retry_ms: None if the request fits the limit, else after how many milliseconds a retry fits.
    """

    sent: bool
    retry_ms: int | None


class OutagePolicy:
    """Decides requests for which Redis gave no answer.

    Args:
        fallback: The rate limit without Redis.
        outage: `REDIS_OUTAGE`: whether events are accepted without Redis.
        counters: Counts events that are decided here.
    """

    def __init__(self, fallback: FallbackLimiter, outage: Literal["accept", "reject"], counters: Counters) -> None:
        self._fallback = fallback
        self._outage = outage
        self._counters = counters

    def answers(
        self, reservation: QuotaReservation, error: RedisUnavailableError, submitted: int
    ) -> list[OutageAnswer]:
        """Return an answer for each of the ``submitted`` operations of ``reservation``: whether it fits the limit."""
        self._fallback.mark_redis_stale()
        self._fallback.trim_to_limit(reservation)
        answers = [OutageAnswer(error.sent, None)] * reservation.count
        if over := submitted - reservation.count:
            answers += [OutageAnswer(error.sent, self._fallback.retry_ms(reservation.tenant))] * over
        return answers

    def admit(self, claim: Claim, answer: OutageAnswer) -> Admitted:
        """Return the admission of ``claim`` without Redis, and count it.

        A claim whose answer was lost may exist in Redis, so it is confirmed or released like any other.
        """
        self._counters.decided_without_redis()
        return Admitted(claim.identity, claim.identity.id, claim.redis_key if answer.sent else None)

    def rejection(self, tenant: Tenant, answer: OutageAnswer) -> Rejection | None:
        """Return why the event is not accepted: 429, or 503 where `REDIS_OUTAGE` is ``reject``."""
        if limited := rate_limit_rejection(tenant, answer):
            return limited
        if self._outage == "accept":
            return None
        return rejections.unavailable("duplicates cannot be recognised for now; try again with the same key")


def rate_limit_rejection(tenant: Tenant, answer: OutageAnswer) -> Rejection | None:
    """Return the 429 of a request that does not fit the limit."""
    return None if answer.retry_ms is None else rate_limits.rate_limited(tenant.limit, answer.retry_ms)
