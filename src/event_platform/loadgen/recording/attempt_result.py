"""The result of one attempt to send an event, as a producer sees it, and the six outcomes it is counted as."""

from enum import StrEnum
from http import HTTPStatus
from typing import Final

from msgspec import Struct


class Outcome(StrEnum):
    """Final outcome of an event; each event that was sent has exactly one, so that the counts add up."""

    ACCEPTED = "accepted"
    DUPLICATE = "duplicates"
    RATE_LIMITED = "rate_limited"
    INVALID = "invalid"
    IN_PROGRESS = "in_progress"
    FAILED = "failed"


NO_ANSWER: Final = "no_answer"


# A Struct, because one is made for each event sent, and a frozen dataclass takes nine times as long to make.
class AttemptResult(Struct, frozen=True):
    """The result of one attempt to send one event.

    Attributes:
        status: HTTP status, or that of the item in a batch; None without an answer.
        code: Error code of the answer, or why there is no answer.
        undelivered: The request certainly never left, because there was no connection.
        retry_after_seconds: Value of ``Retry-After``.
    """

    status: int | None = None
    code: str = ""
    request_id: str | None = None
    duplicate: bool = False
    undelivered: bool = False
    retry_after_seconds: float | None = None

    @property
    def label(self) -> str:
        """The answer in a few words, by which the report lists the answers."""
        if self.status is None:
            return f"no answer: {self.code}"
        return f"{self.status} {'duplicate' if self.duplicate else self.code}".rstrip()

    @property
    def outcome(self) -> Outcome:
        """The outcome of the event if this result is final."""
        match self.status:
            case HTTPStatus.ACCEPTED:
                return Outcome.DUPLICATE if self.duplicate else Outcome.ACCEPTED
            case HTTPStatus.CONFLICT:
                return Outcome.IN_PROGRESS
            case HTTPStatus.TOO_MANY_REQUESTS:
                return Outcome.RATE_LIMITED
            case int(status) if HTTPStatus.BAD_REQUEST <= status < HTTPStatus.INTERNAL_SERVER_ERROR:
                return Outcome.INVALID
        return Outcome.FAILED

    @property
    def latency_group(self) -> str:
        """The histogram for its latency: fast refusals must not hide slow acceptances, nor time-outs a fast 503."""
        return NO_ANSWER if self.status is None else str(self.outcome)


LATENCY_GROUPS: Final = (*map(str, Outcome), NO_ANSWER)
"""All values of `AttemptResult.latency_group`, in the order of reports."""

TIMED_OUT: Final = AttemptResult(code="timed out")
CONNECTION_LOST: Final = AttemptResult(code="connection lost")
UNREACHABLE: Final = AttemptResult(code="no connection", undelivered=True)
NO_CONNECTION_IN_TIME: Final = AttemptResult(code="no free connection in time", undelivered=True)
