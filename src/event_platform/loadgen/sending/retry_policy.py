"""When a good producer sends again: same key, same body, after a pause."""

from http import HTTPStatus

from event_platform.loadgen.recording.attempt_result import Ended

ATTEMPTS = 12
"""The first one included."""

_FIRST_PAUSE_SECONDS = 0.2
_LONGEST_PAUSE_SECONDS = 5.0
_WORTH_IT = frozenset(
    {
        HTTPStatus.CONFLICT,
        HTTPStatus.TOO_MANY_REQUESTS,
        HTTPStatus.BAD_GATEWAY,
        HTTPStatus.SERVICE_UNAVAILABLE,
        HTTPStatus.GATEWAY_TIMEOUT,
    }
)


def pause_seconds(ended: Ended, attempt: int, chance: float) -> float | None:
    """How long to wait before the next attempt; None where it would be useless.

    Args:
        ended: The last attempt's end; without an answer it is worth another.
        attempt: The last attempt's number, from 1.
        chance: From 0 to 1; spreads the pauses, so that producers do not come back together. What the answer asked
            for in ``Retry-After`` is waited for in full, and the spread pause comes on top.
    """
    if attempt >= ATTEMPTS or (ended.status is not None and ended.status not in _WORTH_IT):
        return None
    backoff_seconds = min(_FIRST_PAUSE_SECONDS * 2.0 ** (attempt - 1), _LONGEST_PAUSE_SECONDS)
    spread_seconds = backoff_seconds * (0.5 + chance / 2)
    return (ended.retry_after_seconds or 0.0) + spread_seconds
