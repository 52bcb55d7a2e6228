"""One keep-alive HTTP/1.1 connection with at most one request in flight."""

import asyncio
from collections.abc import Callable
from typing import cast

import httptools

from event_platform.loadgen.recording.attempt_result import CONNECTION_LOST, AttemptResult
from event_platform.loadgen.sending.response_decoder import HttpResponse

OnCompleted = Callable[[HttpResponse | AttemptResult], None]
"""Receives the response, or the result of a request that got none."""


class HttpConnection(asyncio.Protocol):
    """Writes requests and parses responses; callers wait for one to complete before sending the next.

    Args:
        on_connected: Called when the connection is established.
        on_idle: Called after each request, and when the connection is lost.
    """

    def __init__(
        self, on_connected: Callable[["HttpConnection"], None], on_idle: Callable[["HttpConnection"], None]
    ) -> None:
        self._on_connected = on_connected
        self._on_idle = on_idle
        self._on_completed: OnCompleted | None = None
        self._transport: asyncio.Transport | None = None
        self._begin_response()

    @property
    def usable(self) -> bool:
        """Whether a request can be sent."""
        return self._transport is not None and not self._transport.is_closing() and self._on_completed is None

    def send(self, data: bytes, on_completed: OnCompleted) -> None:
        """Write a request; ``on_completed`` is called exactly once."""
        self._on_completed = on_completed
        if self._transport is None or self._transport.is_closing():
            self._complete(CONNECTION_LOST)
        else:
            self._transport.write(data)

    def abort(self, result: AttemptResult) -> None:
        """Close immediately; a request in flight completes with ``result``."""
        self.close()
        self._complete(result)

    def close(self) -> None:
        """Close immediately, while no request is in flight."""
        if self._transport is not None:
            self._transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Handle asyncio's callback for an established connection."""
        self._transport = cast("asyncio.Transport", transport)
        self._on_connected(self)

    def data_received(self, data: bytes) -> None:
        """Handle asyncio's callback for received bytes."""
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError:
            self.abort(CONNECTION_LOST)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's signature
        """Handle asyncio's callback for a closed connection."""
        self._transport = None
        self._complete(CONNECTION_LOST)

    def on_header(self, name: bytes, value: bytes) -> None:
        """Handle the parser's callback for one header."""
        if name.lower() == b"retry-after":
            self._retry_after = value.decode("latin-1")

    def on_body(self, body: bytes) -> None:
        """Handle the parser's callback for a part of the body."""
        self._body += body

    def on_message_complete(self) -> None:
        """Handle the parser's callback for a complete response."""
        response = HttpResponse(self._parser.get_status_code(), self._body, self._retry_after)
        keep_alive = self._parser.should_keep_alive()
        self._begin_response()
        if not keep_alive and self._transport is not None:
            self._transport.close()
        self._complete(response)

    def _begin_response(self) -> None:
        self._parser = httptools.HttpResponseParser(self)
        self._body = b""
        self._retry_after = ""

    def _complete(self, outcome: HttpResponse | AttemptResult) -> None:
        on_completed, self._on_completed = self._on_completed, None
        if on_completed is not None:
            on_completed(outcome)
        self._on_idle(self)
