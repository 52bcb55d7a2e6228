"""Writes the response to a request.

A small response is written at once, because every write is a system call and uvicorn makes two. A large one is written
in portions as its client reads it: passed to the transport at once, it would have neither a bound nor a deadline.
"""

from typing import Any

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, RequestResponseCycle

from event_platform.core.http.flow_control import BoundedFlowControl

_HeaderList = list[tuple[bytes, bytes]]


class BoundedCycle(RequestResponseCycle):
    """uvicorn's request and response, with its own way to write large responses and small complete ones."""

    flow: BoundedFlowControl
    _head: Any = None

    async def send(self, message: Any) -> None:  # noqa: ANN401 - ASGI's message
        """Write a part of the response; the head waits for the first part of the body."""
        if message["type"] == "http.response.start":
            self._head = message
            return
        head, self._head = self._head, None
        body = message.get("body", b"")
        if len(body) > self.flow.portion_bytes:
            await self._send_in_portions(head, message)
        elif head is None:
            await super().send(message)
        elif self._is_plain(head["headers"], message):
            self._write_at_once(head, body)
        else:
            await super().send(head)
            await super().send(message)

    async def _send_in_portions(self, head: Any, message: Any) -> None:  # noqa: ANN401 - ASGI's messages
        body, size = message["body"], self.flow.portion_bytes
        last = (len(body) - 1) // size * size
        self.flow.budget.reserve(self.transport, len(body))
        try:
            if head is not None:
                await super().send(head)
            for start in range(0, last, size):
                part: Any = {**message, "body": body[start : start + size], "more_body": True}
                await super().send(part)
            end: Any = {**message, "body": body[last:]}
            await super().send(end)
        finally:
            self.flow.budget.release(self.transport)

    def _is_plain(self, headers: _HeaderList, message: Any) -> bool:  # noqa: ANN401 - ASGI's message
        """Return whether the response needs no framing and no additional headers."""
        if message.get("more_body") or not self.keep_alive or self.disconnected or self.flow.write_paused:
            return False
        names = dict(headers)
        is_framed = self.scope["method"] == "POST" and b"content-length" in names and b"connection" not in names
        return is_framed and not self.default_headers

    def _write_at_once(self, head: Any, body: bytes) -> None:  # noqa: ANN401 - ASGI's message
        parts = [STATUS_LINE[head["status"]], *(b"%b: %b\r\n" % header for header in head["headers"]), b"\r\n", body]
        self.response_started = self.response_complete = True
        self.transport.write(b"".join(parts))
        self.message_event.set()
        self.on_response()
