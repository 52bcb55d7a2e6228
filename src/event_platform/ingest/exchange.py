"""A request and its answer, whose head and body leave together: each write is a system call, and uvicorn makes two."""

from typing import Any

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, RequestResponseCycle

_HeaderList = list[tuple[bytes, bytes]]


class Exchange(RequestResponseCycle):
    """uvicorn's, for answers that come whole and say how long they are; all others go uvicorn's way."""

    _head: Any = None

    async def send(self, message: Any) -> None:  # noqa: ANN401 - ASGI's message
        """Take a part of the answer; the head waits for the first part of the body."""
        if message["type"] == "http.response.start":
            self._head = message
            return
        head, self._head = self._head, None
        if head is None:
            await super().send(message)
        elif self._is_plain(head["headers"], message):
            self._write(head, message.get("body", b""))
        else:
            await super().send(head)
            await super().send(message)

    def _is_plain(self, headers: _HeaderList, message: Any) -> bool:  # noqa: ANN401 - ASGI's message
        if message.get("more_body") or not self.keep_alive or self.disconnected or self.flow.write_paused:
            return False
        names = {name for name, _ in headers}
        return self.scope["method"] == "POST" and b"content-length" in names and b"connection" not in names

    def _write(self, head: Any, body: bytes) -> None:  # noqa: ANN401 - ASGI's message
        parts = [STATUS_LINE[head["status"]], *(b"%b: %b\r\n" % header for header in head["headers"]), b"\r\n", body]
        self.response_started = self.response_complete = True
        self.transport.write(b"".join(parts))
        self.message_event.set()
        self.on_response()
