"""One keep-alive connection: a request at a time, HTTP/1.1."""

import asyncio
from collections.abc import Callable
from typing import cast

import httptools

from event_platform.loadgen.recording.attempt_result import CUT, Ended
from event_platform.loadgen.sending.request_encoder import Answer

OnEnd = Callable[[Answer | Ended], None]
"""Gets the answer, or the end without one."""


class Connection(asyncio.Protocol):
    """Writes requests and parses answers; whoever sends waits for the end before sending again."""

    def __init__(self, on_made: Callable[["Connection"], None], on_idle: Callable[["Connection"], None]) -> None:
        self._on_made = on_made
        self._on_idle = on_idle
        self._on_end: OnEnd | None = None
        self._transport: asyncio.Transport | None = None
        self._begin_answer()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Asyncio's: the connection stands."""
        self._transport = cast("asyncio.Transport", transport)
        self._on_made(self)

    def send(self, data: bytes, on_end: OnEnd) -> None:
        """Write a request; ``on_end`` is called once."""
        self._on_end = on_end
        if self._transport is None or self._transport.is_closing():
            self._finish(CUT)
        else:
            self._transport.write(data)

    def abort(self, ended: Ended) -> None:
        """Close at once; a request under way ends as ``ended``."""
        if self._transport is not None:
            self._transport.abort()
        self._finish(ended)

    def close(self) -> None:
        """Close it; no request is under way."""
        if self._transport is not None:
            self._transport.abort()

    @property
    def usable(self) -> bool:
        """Whether a request can be sent."""
        return self._transport is not None and not self._transport.is_closing() and self._on_end is None

    def data_received(self, data: bytes) -> None:
        """Asyncio's: a part of an answer."""
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError:
            self.abort(CUT)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's signature
        """Asyncio's: the connection is gone."""
        self._transport = None
        self._finish(CUT)

    def on_header(self, name: bytes, value: bytes) -> None:
        """The parser's: one header of the answer."""
        if name.lower() == b"retry-after":
            self._retry_after = value.decode("latin-1")

    def on_body(self, body: bytes) -> None:
        """The parser's: a part of the body."""
        self._body += body

    def on_message_complete(self) -> None:
        """The parser's: the answer is whole."""
        answer = Answer(self._parser.get_status_code(), self._body, self._retry_after)
        keep = self._parser.should_keep_alive()
        self._begin_answer()
        if not keep and self._transport is not None:
            self._transport.close()
        self._finish(answer)

    def _begin_answer(self) -> None:
        self._parser = httptools.HttpResponseParser(self)
        self._body = b""
        self._retry_after = ""

    def _finish(self, end: Answer | Ended) -> None:
        on_end, self._on_end = self._on_end, None
        if on_end is not None:
            on_end(end)
        self._on_idle(self)
