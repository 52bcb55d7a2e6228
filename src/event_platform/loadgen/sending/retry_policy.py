"""Which results a well-behaved producer retries, with the same key and body, and after which delay."""

from http import HTTPStatus
from typing import Final

from event_platform.core.backoff import delay_after
from event_platform.loadgen.recording.attempt_result import AttemptResult

MAX_ATTEMPTS: Final = 12
"""The first attempt included."""

_RETRIED: Final = frozenset(
    {
        HTTPStatus.CONFLICT,
        HTTPStatus.TOO_MANY_REQUESTS,
        HTTPStatus.BAD_GATEWAY,
        HTTPStatus.SERVICE_UNAVAILABLE,
        HTTPStatus.GATEWAY_TIMEOUT,
    }
)


def delay_seconds(result: AttemptResult, attempt: int, jitter: float) -> float | None:
    """Return how long to wait before the next attempt; None if the result is final.

    ``Retry-After`` is waited for in full, and the jittered backoff comes on top of it.

    Args:
        result: Result of the last attempt; one without an answer is retried.
        attempt: Number of the last attempt, from 1.
        jitter: Random number from 0 to 1 that spreads the delays, so that producers do not return all at once.
    """
    if attempt >= MAX_ATTEMPTS or (result.status is not None and result.status not in _RETRIED):
        return None
    return (result.retry_after_seconds or 0.0) + delay_after(attempt, chance=jitter)
