"""What a connection beyond the bound is answered."""

from typing import Any

from event_platform.ingest import problems, responses
from event_platform.ingest.request_ids import Tickets

_tickets = Tickets()


async def refuse_connection(_scope: Any, _receive: Any, send: Any) -> None:  # noqa: ANN401 - ASGI's own types
    """An ASGI application that answers 503 and ends the connection."""
    request_id = _tickets.draw().id
    refusal = problems.Refusal(
        problems.UNAVAILABLE,
        "too many connections are open",
        headers=((b"retry-after", problems.RETRY_SECONDS),),
        close=True,
    )
    await responses.send_answer(send, responses.refused(refusal, request_id), request_id)
