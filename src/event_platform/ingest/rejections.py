"""Every error that a request can be rejected with, as the API documents them."""

from dataclasses import dataclass
from typing import Any, Final

from event_platform.core.errors import PlatformError


@dataclass(frozen=True, slots=True)
class ErrorKind:
    """One documented error: HTTP status, code, and the message where no more specific one is known."""

    status: int
    code: str
    message: str


class Rejection(PlatformError):  # noqa: N818 - it is a response, not a failure of the service
    """A request or batch item is answered with an error instead of being accepted.

    Args:
        kind: The documented error.
        message: What exactly is wrong and what to do, where the message of ``kind`` says less.
        headers: Further response headers, names in lower case.
        close: Whether the connection must be closed because the rest of the request was not read.
    """

    def __init__(
        self,
        kind: ErrorKind,
        message: str | None = None,
        *,
        headers: tuple[tuple[bytes, bytes], ...] = (),
        close: bool = False,
    ) -> None:
        super().__init__(message or kind.message)
        self.kind = kind
        self.message = message or kind.message
        self.headers = headers
        self.close = close

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle the code instead of the kind, because kinds are compared by identity."""
        return _unpickle, (self.kind.code, self.message, self.headers, self.close)

    def closing(self) -> "Rejection":
        """Return a copy that closes the connection."""
        return Rejection(self.kind, self.message, headers=self.headers, close=True)


UNAUTHORIZED: Final = ErrorKind(401, "UNAUTHORIZED", "X-API-Key is missing or not a valid key")
MISSING_IDEMPOTENCY_KEY: Final = ErrorKind(400, "MISSING_IDEMPOTENCY_KEY", "the Idempotency-Key is missing")
INVALID_IDEMPOTENCY_KEY: Final = ErrorKind(
    400, "INVALID_IDEMPOTENCY_KEY", "the Idempotency-Key must be 1 to 255 visible ASCII characters, given once"
)
INVALID_JSON: Final = ErrorKind(400, "INVALID_JSON", "the body is not strict JSON in UTF-8")
INVALID_EVENT: Final = ErrorKind(400, "INVALID_EVENT", "the body must be a JSON object")
IDEMPOTENCY_IN_PROGRESS: Final = ErrorKind(
    409, "IDEMPOTENCY_IN_PROGRESS", "the first request with this Idempotency-Key is still running; try again"
)
PAYLOAD_TOO_LARGE: Final = ErrorKind(413, "PAYLOAD_TOO_LARGE", "the body is too large")
UNSUPPORTED_MEDIA_TYPE: Final = ErrorKind(
    415, "UNSUPPORTED_MEDIA_TYPE", "send Content-Type: application/json once, in UTF-8 and without Content-Encoding"
)
IDEMPOTENCY_KEY_REUSED: Final = ErrorKind(
    422, "IDEMPOTENCY_KEY_REUSED", "this Idempotency-Key was used with another body; use a new key for a new event"
)
RATE_LIMITED: Final = ErrorKind(429, "RATE_LIMITED", "the tenant's rate limit is used up; try again after Retry-After")
UNAVAILABLE: Final = ErrorKind(
    503, "UNAVAILABLE", "the event could not be stored safely for now; try again with the same key"
)
NOT_FOUND: Final = ErrorKind(404, "NOT_FOUND", "there is nothing at this path")
METHOD_NOT_ALLOWED: Final = ErrorKind(405, "METHOD_NOT_ALLOWED", "this path does not answer that method")
INTERNAL_ERROR: Final = ErrorKind(500, "INTERNAL_ERROR", "a defect of the service kept it from answering")

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


def _unpickle(code: str, message: str, headers: tuple[tuple[bytes, bytes], ...], close: bool) -> Rejection:  # noqa: FBT001 - pickle passes arguments by position
    (kind,) = (kind for kind in ALL if kind.code == code)
    return Rejection(kind, message, headers=headers, close=close)


def unavailable(message: str | None = None) -> Rejection:
    """Return a 503 with ``Retry-After``."""
    return Rejection(UNAVAILABLE, message, headers=((b"retry-after", RETRY_SECONDS),))


def in_progress() -> Rejection:
    """Return a 409 with ``Retry-After``."""
    return Rejection(IDEMPOTENCY_IN_PROGRESS, headers=((b"retry-after", RETRY_SECONDS),))
