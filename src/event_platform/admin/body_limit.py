"""Bounds the memory that one request can take: larger bodies are refused, whether announced or not."""

from typing import Final

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from event_platform.admin.problems import Problem, problem_response

MAX_BODY_BYTES: Final = 2 * 1_048_576

_TOO_LARGE: Final = Problem(413, "PAYLOAD_TOO_LARGE", f"expected a body of at most {MAX_BODY_BYTES} bytes")


class BodyLimit:
    """Reads the whole body before the request goes on, so that it can be refused with an answer."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer 413, or pass the request on."""
        if scope["type"] != "http" or scope["method"] != "POST":
            await self._app(scope, receive, send)
            return
        body = None if _announces_too_much(scope) else await _read(receive)
        if body is None:
            await problem_response(_TOO_LARGE, {"Connection": "close"})(scope, receive, send)
            return
        await self._app(scope, _replay(body, receive), send)


def _announces_too_much(scope: Scope) -> bool:
    length = Headers(scope=scope).get("content-length", "0")
    return not length.isdecimal() or int(length[:20]) > MAX_BODY_BYTES


async def _read(receive: Receive) -> bytes | None:
    """The body, or None where it is too large."""
    parts, size, more = [], 0, True
    while more:
        message = await receive()
        # One who hangs up leaves a body that is cut off, which is no JSON.
        parts.append(message.get("body", b""))
        size += len(parts[-1])
        more = message.get("more_body", False)
        if size > MAX_BODY_BYTES:
            return None
    return b"".join(parts)


def _replay(body: bytes, receive: Receive) -> Receive:
    waiting: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def replayed() -> Message:
        return waiting.pop() if waiting else await receive()

    return replayed
