"""Bounds on the memory that request bodies take: larger ones are refused, with or without a Content-Length."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from event_platform.admin.middleware.error_responses import ErrorDetails, error_response

MAX_BODY_BYTES: Final = 2 * 1_048_576
UNCOUNTED_BYTES: Final = 65_536
"""This much of each body is not counted: the connection limit bounds it, and most bodies are no larger."""
LARGE_BODIES_BYTES: Final = 64 * 1_048_576
"""The budget for what exceeds it, summed over all bodies that are being read or handled."""

_TOO_LARGE: Final = ErrorDetails(413, "PAYLOAD_TOO_LARGE", f"expected a body of at most {MAX_BODY_BYTES} bytes")
_TOO_MANY: Final = ErrorDetails(503, "UNAVAILABLE", "too many large bodies are being read; try again")

Reserve = Callable[[int], bool]
"""Takes a body's size so far, and returns whether the budget has room for it."""


class BodyLimit:
    """ASGI middleware that reads the whole body before the route runs, so that it can still answer with an error."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._available_bytes = LARGE_BODIES_BYTES

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer 413 or 503, or pass the request on with its body."""
        if scope["type"] != "http" or scope["method"] != "POST":
            await self._app(scope, receive, send)
            return
        with self._reservation() as reserve:
            body = _TOO_LARGE if _declares_too_much(scope) else await _read(receive, reserve)
            if isinstance(body, ErrorDetails):
                await error_response(body, {"Connection": "close"})(scope, receive, send)
            else:
                await self._app(scope, _replay(body, receive), send)

    @contextmanager
    def _reservation(self) -> Iterator[Reserve]:
        """Share of the budget that grows with one body, and is returned at the end."""
        reserved_bytes = 0

        def reserve(size_bytes: int) -> bool:
            nonlocal reserved_bytes
            more_bytes = max(0, size_bytes - UNCOUNTED_BYTES) - reserved_bytes
            if more_bytes > self._available_bytes:
                return False
            self._available_bytes -= more_bytes
            reserved_bytes += more_bytes
            return True

        try:
            yield reserve
        finally:
            self._available_bytes += reserved_bytes


def _declares_too_much(scope: Scope) -> bool:
    length = Headers(scope=scope).get("content-length", "0")
    return not length.isdecimal() or int(length[:20]) > MAX_BODY_BYTES


async def _read(receive: Receive, reserve: Reserve) -> bytes | ErrorDetails:
    """The body, or why it is refused."""
    parts, size, more = [], 0, True
    while more:
        message = await receive()
        # A client that disconnects leaves a truncated body, which fails to parse as JSON.
        parts.append(message.get("body", b""))
        size += len(parts[-1])
        more = message.get("more_body", False)
        if size > MAX_BODY_BYTES:
            return _TOO_LARGE
        if not reserve(size):
            return _TOO_MANY
    return b"".join(parts)


def _replay(body: bytes, receive: Receive) -> Receive:
    """A ``receive`` that returns the body that was already read, then whatever comes next."""
    pending: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def receive_replayed() -> Message:
        return pending.pop() if pending else await receive()

    return receive_replayed
