"""One attempt to send an event as the attempt log keeps it: what reconciliation has to know of it."""

from enum import StrEnum
from http import HTTPStatus
from zlib import crc32

from msgspec import Struct

from event_platform.loadgen.recording.attempt_result import AttemptResult
from event_platform.loadgen.traffic.events import Event
from event_platform.loadgen.traffic.request_kinds import REUSED_KEY, STORED

EventKey = tuple[str, str]
"""Tenant and idempotency key: what identifies an event."""


class DeliveryStatus(StrEnum):
    """What a producer knows about the delivery of one request."""

    NEW = "acknowledged as new"
    DUPLICATE = "acknowledged as duplicate"
    REFUSED = "refused"
    UNANSWERED = "unanswered"
    UNDELIVERED = "undelivered"


class Attempt(Struct, frozen=True):
    """One request, or one item of a batch, with its answer.

    Attributes:
        expected: What must become of the event once acknowledged: `STORED`, the code of its dead letter, or `REFUSED`
            if it must never be acknowledged.
        status: HTTP status of the answer, or of the item in a batch; None without an answer.
        request_id: As answered, ``req_<uuid>``.
        duplicate: As answered.
        undelivered: The request certainly never left, because there was no connection.
        body: Checksum that differs between attempts of one key only if their bodies do; empty if they cannot differ.
    """

    tenant: str
    key: str
    expected: str = STORED
    status: int | None = None
    request_id: str | None = None
    duplicate: bool = False
    undelivered: bool = False
    body: str = ""

    @property
    def event_key(self) -> EventKey:
        """Tenant and idempotency key."""
        return self.tenant, self.key

    @property
    def delivery_status(self) -> DeliveryStatus:
        """What the producer knows about its delivery."""
        if self.undelivered:
            return DeliveryStatus.UNDELIVERED
        if self.status == HTTPStatus.ACCEPTED:
            return DeliveryStatus.DUPLICATE if self.duplicate else DeliveryStatus.NEW
        # Any 5xx, from the platform or from a gateway before it, leaves open whether the event was published.
        is_open = self.status is None or self.status >= HTTPStatus.INTERNAL_SERVER_ERROR
        return DeliveryStatus.UNANSWERED if is_open else DeliveryStatus.REFUSED

    @property
    def is_acknowledged(self) -> bool:
        """Whether it was answered with 202."""
        return self.delivery_status in {DeliveryStatus.NEW, DeliveryStatus.DUPLICATE}


def attempt_of(event: Event, result: AttemptResult) -> Attempt:
    """Return what the attempt log keeps of ``event`` and the result of sending it."""
    return Attempt(
        event.tenant,
        event.key,
        event.kind.expected,
        result.status,
        result.request_id,
        result.duplicate,
        result.undelivered,
        f"{crc32(event.body):x}" if event.kind is REUSED_KEY else "",
    )
