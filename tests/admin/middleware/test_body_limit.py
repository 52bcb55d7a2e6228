"""The memory of request bodies is bounded: of one, and of all that are being read."""

import asyncio
from typing import Any

from event_platform.admin.middleware.body_limit import LARGE_BODIES_BYTES, MAX_BODY_BYTES, UNCOUNTED_BYTES, BodyLimit

SCOPE: Any = {"type": "http", "method": "POST", "headers": []}
FULL_BYTES, FIRST_PART_BYTES = MAX_BODY_BYTES, MAX_BODY_BYTES - 1
MANY = LARGE_BODIES_BYTES // (FIRST_PART_BYTES - UNCOUNTED_BYTES) + 1


async def _answer(_scope: Any, _receive: Any, send: Any) -> None:  # noqa: ANN401 - ASGI's own types
    await send({"type": "http.response.start", "status": 200})


class _Client:
    """Sends a body in two parts, the second one when the test allows it."""

    def __init__(self, size_bytes: int, *, continues: bool) -> None:
        self.may_continue = asyncio.Event()
        self.is_waiting = asyncio.Event()
        self.status = 0
        self._parts = iter([bytes(size_bytes - 1), b"x"])
        if continues:
            self.may_continue.set()

    async def receive(self) -> Any:  # noqa: ANN401 - ASGI's message
        part = next(self._parts)
        if len(part) == 1:
            self.is_waiting.set()
            await self.may_continue.wait()
        return {"type": "http.request", "body": part, "more_body": len(part) > 1}

    async def send(self, message: Any) -> None:  # noqa: ANN401 - ASGI's message
        self.status = message.get("status", self.status)


async def _status(limit: BodyLimit, size_bytes: int) -> int:
    client = _Client(size_bytes, continues=True)
    await limit(SCOPE, client.receive, client.send)
    return client.status


def test_slow_bodies() -> None:
    """Large bodies are read up to the budget; one more gets 503, small ones are still accepted."""

    async def statuses() -> list[int]:
        limit = BodyLimit(_answer)
        slow = [_Client(FULL_BYTES, continues=False) for _ in range(MANY)]
        tasks = [asyncio.create_task(limit(SCOPE, each.receive, each.send)) for each in slow]
        await asyncio.gather(*(each.is_waiting.wait() for each in slow[:-1]))
        found = [await _status(limit, FULL_BYTES), await _status(limit, UNCOUNTED_BYTES)]
        for each in slow:
            each.may_continue.set()
        await asyncio.gather(*tasks)
        return [*found, await _status(limit, FULL_BYTES), slow[0].status, slow[-1].status]

    assert asyncio.run(statuses()) == [503, 200, 200, 200, 503]


def test_one_body() -> None:
    """A body that exceeds the limit is refused, even without Content-Length."""
    assert asyncio.run(_status(BodyLimit(_answer), MAX_BODY_BYTES + 1)) == 413
