"""A request's claim on an idempotency key, and what admission decides about it."""

import hashlib

import msgspec

from event_platform.ingest.rejections import Rejection
from event_platform.ingest.request_ids import RequestIdentity


class Tenant(msgspec.Struct, frozen=True, gc=False):
    """A tenant and how many requests a minute it may send."""

    name: str
    limit: int

    @property
    def charged(self) -> tuple[str, int]:
        """Name and limit, as an `Operation` that costs quota takes them."""
        return self.name, self.limit


class Claim(msgspec.Struct, frozen=True, gc=False):
    """A request's claim on an idempotency key.

    Attributes:
        tenant: The owner of the key.
        idempotency_key: The key.
        identity: Id and arrival time of this request.
        fingerprint: 32 bytes that identify the event.
    """

    tenant: Tenant
    idempotency_key: str
    identity: RequestIdentity
    fingerprint: bytes

    @property
    def redis_key(self) -> str:
        """Redis key of the claim's record; the tenant is a hash tag, so that its keys share a cluster slot."""
        return f"idem:{{{self.tenant.name}}}:{hashlib.sha256(self.idempotency_key.encode()).hexdigest()}"


class Admitted(msgspec.Struct, frozen=True, gc=False):
    """The event is to be published; a take-over uses the identity of the first request with the key.

    Attributes:
        request: Id and arrival time that the event is published with.
        owner: Id of the request that holds the lease.
        redis_key: Redis key of the record to update; None where Redis was unavailable and there is no record.
    """

    request: RequestIdentity
    owner: str
    redis_key: str | None


class Duplicate(msgspec.Struct, frozen=True, gc=False):
    """The event was acknowledged before, under ``first_id``."""

    first_id: str


AdmissionDecision = Admitted | Duplicate | Rejection
