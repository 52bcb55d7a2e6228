"""Bounds the memory that bodies can take: larger ones are refused, whether announced or not."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from event_platform.admin.middleware.error_responses import Problem, problem_response

MAX_BODY_BYTES: Final = 2 * 1_048_576
FREE_BYTES: Final = 65_536
"""So much of each body is not counted: the bound on connections bounds it, and most questions are no larger."""
LARGE_BODIES_BYTES: Final = 64 * 1_048_576
"""What is beyond it, of all bodies that are being read or answered."""

_TOO_LARGE: Final = Problem(413, "PAYLOAD_TOO_LARGE", f"expected a body of at most {MAX_BODY_BYTES} bytes")
_TOO_MANY: Final = Problem(503, "UNAVAILABLE", "too many large bodies are being read; try again")

Grow = Callable[[int], bool]
"""Told how large a body is by now; whether there is room for it."""


class BodyLimit:
    """Reads the whole body before the request goes on, so that it can be refused with an answer."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._left_bytes = LARGE_BODIES_BYTES

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer 413 or 503, or pass the request on."""
        if scope["type"] != "http" or scope["method"] != "POST":
            await self._app(scope, receive, send)
            return
        with self._holding() as grow:
            body = _TOO_LARGE if _announces_too_much(scope) else await _read(receive, grow)
            if isinstance(body, Problem):
                await problem_response(body, {"Connection": "close"})(scope, receive, send)
            else:
                await self._app(scope, _replay(body, receive), send)

    @contextmanager
    def _holding(self) -> Iterator[Grow]:
        held_bytes = 0

        def grow(size_bytes: int) -> bool:
            nonlocal held_bytes
            more_bytes = max(0, size_bytes - FREE_BYTES) - held_bytes
            if more_bytes > self._left_bytes:
                return False
            self._left_bytes -= more_bytes
            held_bytes += more_bytes
            return True

        try:
            yield grow
        finally:
            self._left_bytes += held_bytes


def _announces_too_much(scope: Scope) -> bool:
    length = Headers(scope=scope).get("content-length", "0")
    return not length.isdecimal() or int(length[:20]) > MAX_BODY_BYTES


async def _read(receive: Receive, grow: Grow) -> bytes | Problem:
    """The body, or why it is not taken."""
    parts, size, more = [], 0, True
    while more:
        message = await receive()
        # One who hangs up leaves a body that is cut off, which is no JSON.
        parts.append(message.get("body", b""))
        size += len(parts[-1])
        more = message.get("more_body", False)
        if size > MAX_BODY_BYTES:
            return _TOO_LARGE
        if not grow(size):
            return _TOO_MANY
    return b"".join(parts)


def _replay(body: bytes, receive: Receive) -> Receive:
    waiting: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def replayed() -> Message:
        return waiting.pop() if waiting else await receive()

    return replayed
