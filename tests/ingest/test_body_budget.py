"""The memory of bodies is bounded while they are read, and while their requests are in work."""

import asyncio
from typing import Any

import pytest

from event_platform.core.settings.loading import load
from event_platform.ingest.accept import IngestComponents, accept
from event_platform.ingest.auth import ApiKeys
from event_platform.ingest.body_budget import FREE_BYTES, BodyBudget
from event_platform.ingest.claims import Claim, Duplicate, Tenant
from event_platform.ingest.offloaded_parsing import OffloadedParser
from event_platform.ingest.rate_limits import RateLimits
from event_platform.ingest.rejections import Rejection
from event_platform.ingest.request import Request, request_from_headers
from event_platform.ingest.request_ids import RequestIdGenerator

LARGE, SMALL = 3 * FREE_BYTES, FREE_BYTES
ONE_LARGE = 2 * LARGE
"""A body counts together with the record made of it."""


def test_reservations() -> None:
    """Reservations are returned, and cannot exceed the budget."""
    budget = BodyBudget(ONE_LARGE + 5)
    with budget.reserve_body(LARGE), budget.reserve() as reservation, budget.reserve_body(SMALL):
        reservation.grow(3)
        with pytest.raises(Rejection):
            reservation.grow(3)
        with pytest.raises(Rejection):
            budget.reserve_body(LARGE)
    assert budget.free_bytes == ONE_LARGE + 5


class BlockedAdmission:
    """Admission that admits nothing until it is opened."""

    def __init__(self) -> None:
        self.open = asyncio.Event()
        self.arrived = asyncio.Semaphore(0)
        self.charged = 0

    async def admit(self, claim: Claim) -> Duplicate:
        """Wait until admission is opened; then answer as for a duplicate."""
        self.arrived.release()
        await self.open.wait()
        return Duplicate(claim.identity.id)

    async def charge(self, _tenant: Tenant) -> None:
        """Count the charge."""
        self.charged += 1


def request_of(size: int, *, pieces: int = 1) -> Request:
    """Return a request with a body of ``size`` bytes that arrives in ``pieces``."""
    body = b'{"a":"' + b"x" * (size - 8) + b'"}'
    parts = [body[at : at + size // pieces + 1] for at in range(0, size, size // pieces + 1)]
    messages = [{"type": "http.request", "body": part, "more_body": part is not parts[-1]} for part in parts]

    async def receive() -> dict[str, Any]:
        await asyncio.sleep(0)
        return messages.pop(0)

    headers = [(b"x-api-key", b"key_a"), (b"idempotency-key", b"k"), (b"content-type", b"application/json")]
    return request_from_headers(headers, receive, RequestIdGenerator().generate())


@pytest.mark.parametrize("pieces", [1, 3])
def test_body_is_reserved_until_the_response(pieces: int) -> None:
    """While a large body waits for Redis or Kafka, another large one is rejected and charged; small ones pass."""

    async def scenario() -> None:
        admission, budget = BlockedAdmission(), BodyBudget(ONE_LARGE + LARGE)
        keys = ApiKeys([("tenant_a", "key_a")], RateLimits(load(_env_file=None)))
        ingest: Any = IngestComponents(keys, admission, None, budget, OffloadedParser(), None, LARGE, set())  # type: ignore[arg-type]  # neither Redis nor Kafka is reached
        first = asyncio.create_task(accept(ingest, request_of(LARGE, pieces=pieces)))
        small = asyncio.create_task(accept(ingest, request_of(SMALL)))
        for _ in (first, small):
            await admission.arrived.acquire()
        assert budget.free_bytes == LARGE
        with pytest.raises(Rejection) as raised:
            await accept(ingest, request_of(LARGE, pieces=pieces))
        assert (raised.value.kind.code, admission.charged) == ("UNAVAILABLE", 1)
        assert budget.free_bytes == LARGE
        admission.open.set()
        assert {(await first).status, (await small).status} == {202}
        assert budget.free_bytes == ONE_LARGE + LARGE

    asyncio.run(scenario())
