"""How a request ended, as a producer sees it, and the six ways in which that is counted."""

from enum import StrEnum
from http import HTTPStatus
from typing import Final

from msgspec import Struct


class Outcome(StrEnum):
    """Each event that was sent has exactly one, so that they add up."""

    ACCEPTED = "accepted"
    DUPLICATE = "duplicates"
    RATE_LIMITED = "rate_limited"
    INVALID = "invalid"
    IN_PROGRESS = "in_progress"
    FAILED = "failed"


NO_ANSWER: Final = "no_answer"


class Ended(Struct, frozen=True):
    """The end of one attempt to send one event.

    Attributes:
        status: HTTP status, or that of the item in a batch; None without an answer.
        code: Of the error, or why there is no answer.
        undelivered: It is certain that the request never left.
        retry_after_seconds: As answered.
    """

    status: int | None = None
    code: str = ""
    request_id: str | None = None
    duplicate: bool = False
    undelivered: bool = False
    retry_after_seconds: float | None = None

    @property
    def label(self) -> str:
        """The answer in a few words, for the list of answers."""
        if self.status is None:
            return f"no answer: {self.code}"
        return f"{self.status} {'duplicate' if self.duplicate else self.code}".rstrip()

    @property
    def outcome(self) -> Outcome:
        """How it is counted."""
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
    def answered(self) -> str:
        """What its latency is counted with: quick refusals say nothing of acceptances, time-outs nothing of a 503."""
        return NO_ANSWER if self.status is None else str(self.outcome)


ANSWERED: Final = (*map(str, Outcome), NO_ANSWER)
"""All that `Ended.answered` may be, in the order of reports."""

TIMED_OUT = Ended(code="timed out")
CUT = Ended(code="connection lost")
UNREACHABLE = Ended(code="no connection", undelivered=True)
NO_CONNECTION_IN_TIME = Ended(code="no free connection in time", undelivered=True)
