"""The response on a connection beyond the bound."""

from typing import Any, Final

from event_platform.ingest import rejections, responses
from event_platform.ingest.request_ids import RequestIdGenerator

_request_ids: Final = RequestIdGenerator()


async def reject_connection(_scope: Any, _receive: Any, send: Any) -> None:  # noqa: ANN401 - ASGI's own types
    """Answer 503 and close the connection; an ASGI application."""
    request_id = _request_ids.generate().id
    rejection = rejections.Rejection(
        rejections.UNAVAILABLE,
        "too many connections are open",
        headers=((b"retry-after", rejections.RETRY_SECONDS),),
        close=True,
    )
    await responses.send_response(send, responses.rejected(rejection, request_id), request_id)
