"""HTTP with deadlines and a bound on heads, for services that few ask: uvicorn's protocol has neither.

What is overdue is cut off without a word. Ingest has a protocol of its own, which is made for many.
"""

import asyncio
from typing import Any, Final

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

HEAD_SECONDS: Final = 10.0
"""From the connection, or a request's first byte, to the end of its headers."""
BODY_SECONDS: Final = 30.0
"""From the end of the headers to the end of the body."""
ANSWER_SECONDS: Final = 30.0
"""From the end of the body to the answer."""
IDLE_SECONDS: Final = 75.0
"""From the answer to the next request; also what a client has to take the answer."""

MAX_HEAD_BYTES: Final = 65_536
"""Request line and headers together; also what lies between two parts of a chunked body."""
_PARSED_BYTES: Final = 16_384
"""So much is parsed at once, so that a body's bytes are not taken for a head's."""


class BoundedProtocol(HttpToolsProtocol):
    """One connection, with one timer for whatever it waits for."""

    _timer: asyncio.TimerHandle | None = None
    _in_message = False
    _unfinished_bytes = 0

    def connection_made(self, transport: Any) -> None:  # noqa: ANN401 - asyncio's transport
        """A client has connected."""
        super().connection_made(transport)
        self._end_after(HEAD_SECONDS)

    def connection_lost(self, exc: Exception | None) -> None:
        """It has gone, or was cut off."""
        self._stop_timer()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Bytes of requests."""
        for start in range(0, len(data), _PARSED_BYTES):
            if self.transport.is_closing():
                return
            portion = data[start : start + _PARSED_BYTES]
            super().data_received(portion)
            self._count(len(portion))

    def _count(self, number: int) -> None:
        """Note bytes that came to nothing yet: the parser keeps them, however many there are."""
        self._unfinished_bytes += number if self._in_message else 0
        if self._unfinished_bytes > MAX_HEAD_BYTES:
            self.transport.abort()

    def on_message_begin(self) -> None:
        """A request's first byte has come."""
        super().on_message_begin()
        self._in_message, self._unfinished_bytes = True, 0
        self._end_after(HEAD_SECONDS)

    def on_headers_complete(self) -> None:
        """The head has come."""
        self._unfinished_bytes = 0
        self._end_after(BODY_SECONDS)
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """A part of the body has come."""
        self._unfinished_bytes = 0
        super().on_body(body)

    def on_message_complete(self) -> None:
        """The body has come: the answer is due, unless it has gone out already."""
        self._in_message = False
        self._end_after(IDLE_SECONDS if self.cycle.response_complete else ANSWER_SECONDS)
        super().on_message_complete()

    def on_response_complete(self) -> None:
        """An answer has gone out; a request that is still coming in keeps its deadline."""
        if not self._in_message:
            self._end_after(ANSWER_SECONDS if self.pipeline else IDLE_SECONDS)
        super().on_response_complete()

    def _end_after(self, seconds: float) -> None:
        self._stop_timer()
        self._timer = self.loop.call_later(seconds, self.transport.abort)

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
