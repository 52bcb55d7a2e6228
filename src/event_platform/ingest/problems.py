"""Every refusal that ingest knows, as the API documents it."""

from typing import Any, Final

import msgspec

from event_platform.core.errors import PlatformError


class Problem(msgspec.Struct, frozen=True):
    """One kind of refusal: HTTP status, code, and the message that goes with it unless a better one is known."""

    status: int
    code: str
    message: str


class Refusal(PlatformError):  # noqa: N818 - it is an answer, not a failure of ours
    """A request is answered with a problem instead of being accepted.

    Args:
        problem: Which.
        message: What exactly is wrong and what to do, where the problem's own message says less.
        headers: Further headers of the answer, names in lower case.
        close: Whether the connection must end because the rest of the request was not read.
    """

    def __init__(
        self,
        problem: Problem,
        message: str | None = None,
        *,
        headers: tuple[tuple[bytes, bytes], ...] = (),
        close: bool = False,
    ) -> None:
        super().__init__(message or problem.message)
        self.problem = problem
        self.message = message or problem.message
        self.headers = headers
        self.close = close

    def __reduce__(self) -> tuple[Any, ...]:
        """Make the same in another process: problems are known by their identity."""
        return _refusal, (self.problem.code, self.message, self.headers, self.close)

    def closing(self) -> "Refusal":
        """The same, which ends the connection."""
        return Refusal(self.problem, self.message, headers=self.headers, close=True)


UNAUTHORIZED: Final = Problem(401, "UNAUTHORIZED", "X-API-Key is missing or not a valid key")
MISSING_IDEMPOTENCY_KEY: Final = Problem(400, "MISSING_IDEMPOTENCY_KEY", "the Idempotency-Key is missing")
INVALID_IDEMPOTENCY_KEY: Final = Problem(
    400, "INVALID_IDEMPOTENCY_KEY", "the Idempotency-Key must be 1 to 255 visible ASCII characters, given once"
)
INVALID_JSON: Final = Problem(400, "INVALID_JSON", "the body is not strict JSON in UTF-8")
INVALID_EVENT: Final = Problem(400, "INVALID_EVENT", "the body must be a JSON object")
IDEMPOTENCY_IN_PROGRESS: Final = Problem(
    409, "IDEMPOTENCY_IN_PROGRESS", "the first request with this Idempotency-Key is still running; try again"
)
PAYLOAD_TOO_LARGE: Final = Problem(413, "PAYLOAD_TOO_LARGE", "the body is too large")
UNSUPPORTED_MEDIA_TYPE: Final = Problem(
    415, "UNSUPPORTED_MEDIA_TYPE", "send Content-Type: application/json once, in UTF-8 and without Content-Encoding"
)
IDEMPOTENCY_KEY_REUSED: Final = Problem(
    422, "IDEMPOTENCY_KEY_REUSED", "this Idempotency-Key was used with another body; use a new key for a new event"
)
RATE_LIMITED: Final = Problem(429, "RATE_LIMITED", "the tenant's rate limit is used up; try again after Retry-After")
UNAVAILABLE: Final = Problem(
    503, "UNAVAILABLE", "the event could not be stored safely for now; try again with the same key"
)
NOT_FOUND: Final = Problem(404, "NOT_FOUND", "there is nothing at this path")
METHOD_NOT_ALLOWED: Final = Problem(405, "METHOD_NOT_ALLOWED", "this path does not answer that method")
INTERNAL_ERROR: Final = Problem(500, "INTERNAL_ERROR", "a defect of the service kept it from answering")

ALL: Final = (
    UNAUTHORIZED,
    MISSING_IDEMPOTENCY_KEY,
    INVALID_IDEMPOTENCY_KEY,
    INVALID_JSON,
    INVALID_EVENT,
    IDEMPOTENCY_IN_PROGRESS,
    PAYLOAD_TOO_LARGE,
    UNSUPPORTED_MEDIA_TYPE,
    IDEMPOTENCY_KEY_REUSED,
    RATE_LIMITED,
    UNAVAILABLE,
    NOT_FOUND,
    METHOD_NOT_ALLOWED,
    INTERNAL_ERROR,
)

RETRY_SECONDS: Final = b"1"


def _refusal(code: str, message: str, headers: tuple[tuple[bytes, bytes], ...], close: bool) -> Refusal:  # noqa: FBT001 - a pickle passes arguments by place
    (problem,) = (problem for problem in ALL if problem.code == code)
    return Refusal(problem, message, headers=headers, close=close)


def unavailable(message: str | None = None) -> Refusal:
    """503 with ``Retry-After``."""
    return Refusal(UNAVAILABLE, message, headers=((b"retry-after", RETRY_SECONDS),))


def in_progress() -> Refusal:
    """409 with ``Retry-After``."""
    return Refusal(IDEMPOTENCY_IN_PROGRESS, headers=((b"retry-after", RETRY_SECONDS),))
