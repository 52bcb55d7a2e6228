"""Responses to connections beyond the limit, and to requests that cannot be parsed."""

from http import HTTPStatus
from typing import Any, Final

_BODY: Final = b'{"error":{"code":"UNAVAILABLE","message":"too many connections are open"}}'
_HEADERS: Final = (
    (b"content-type", b"application/json"),
    (b"content-length", b"%d" % len(_BODY)),
    (b"retry-after", b"1"),
    (b"connection", b"close"),
)


async def refuse_connection(_scope: Any, _receive: Any, send: Any) -> None:  # noqa: ANN401 - ASGI's own types
    """Respond with 503 and close the connection; an ASGI application."""
    await send({"type": "http.response.start", "status": 503, "headers": list(_HEADERS)})
    await send({"type": "http.response.body", "body": _BODY})


def bare_response(status: HTTPStatus) -> bytes:
    """Return a response without a body, for a request that cannot be parsed."""
    return b"HTTP/1.1 %d %b\r\nconnection: close\r\ncontent-length: 0\r\n\r\n" % (status, status.phrase.encode())
