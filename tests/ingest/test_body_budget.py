"""Memory of bodies: bounded while they are read, and while their requests are in work."""

import asyncio
from typing import Any

import pytest

from event_platform.core.settings.loading import load
from event_platform.ingest.accept import Ingest, accept
from event_platform.ingest.admission import Claim, Duplicate, Tenant
from event_platform.ingest.auth import ApiKeys
from event_platform.ingest.body_budget import FREE_BYTES, BodyBudget
from event_platform.ingest.limits import Limits
from event_platform.ingest.problems import Refusal
from event_platform.ingest.request import Request, read_head
from event_platform.ingest.request_ids import Tickets
from event_platform.ingest.slow_lane import SlowLane

LARGE, SMALL = 3 * FREE_BYTES, FREE_BYTES
ONE_LARGE = 2 * LARGE
"""A body counts with the message made of it."""


def test_hold() -> None:
    """What is held is given back, and more than there is cannot be held."""
    budget = BodyBudget(ONE_LARGE + 5)
    with budget.hold_body(LARGE), budget.hold() as hold, budget.hold_body(SMALL):
        hold.grow(3)
        with pytest.raises(Refusal):
            hold.grow(3)
        with pytest.raises(Refusal):
            budget.hold_body(LARGE)
    assert budget.left_bytes == ONE_LARGE + 5


class Waiting:
    """Admission that lets nobody pass until it is told."""

    def __init__(self) -> None:
        self.open = asyncio.Event()
        self.arrived = asyncio.Semaphore(0)
        self.charged = 0

    async def admit(self, claim: Claim) -> Duplicate:
        """Wait."""
        self.arrived.release()
        await self.open.wait()
        return Duplicate(claim.ticket.id)

    async def charge(self, _tenant: Tenant) -> None:
        """Count."""
        self.charged += 1


def request_of(size: int, *, pieces: int = 1) -> Request:
    """A request with a body of that size, which comes in so many pieces."""
    body = b'{"a":"' + b"x" * (size - 8) + b'"}'
    parts = [body[at : at + size // pieces + 1] for at in range(0, size, size // pieces + 1)]
    messages = [{"type": "http.request", "body": part, "more_body": part is not parts[-1]} for part in parts]

    async def receive() -> dict[str, Any]:
        await asyncio.sleep(0)
        return messages.pop(0)

    headers = [(b"x-api-key", b"key_a"), (b"idempotency-key", b"k"), (b"content-type", b"application/json")]
    return read_head(headers, receive, Tickets().draw())


@pytest.mark.parametrize("pieces", [1, 3])
def test_accept_holds_until_the_answer(pieces: int) -> None:
    """While large bodies wait for Redis or Kafka another large one is refused and charged; small ones pass."""

    async def play() -> None:
        admission, budget = Waiting(), BodyBudget(ONE_LARGE + LARGE)
        keys = ApiKeys([("tenant_a", "key_a")], Limits(load(_env_file=None)))
        ingest: Any = Ingest(keys, admission, None, budget, SlowLane(), None, LARGE, set())  # type: ignore[arg-type]  # neither Redis nor Kafka is met
        first = asyncio.create_task(accept(ingest, request_of(LARGE, pieces=pieces)))
        small = asyncio.create_task(accept(ingest, request_of(SMALL)))
        for _ in (first, small):
            await admission.arrived.acquire()
        assert budget.left_bytes == LARGE
        with pytest.raises(Refusal) as refused:
            await accept(ingest, request_of(LARGE, pieces=pieces))
        assert (refused.value.problem.code, admission.charged) == ("UNAVAILABLE", 1)
        assert budget.left_bytes == LARGE
        admission.open.set()
        assert {(await first).status, (await small).status} == {202}
        assert budget.left_bytes == ONE_LARGE + LARGE

    asyncio.run(play())
