"""HTTP with deadlines and bounds: uvicorn's httptools protocol has none on heads, bodies and Host.

What is refused here never becomes a request: it gets a bare 400 or 431 and its connection is closed.
"""

import asyncio
import math
from collections.abc import Iterable
from http import HTTPStatus
from typing import Any
from urllib.parse import unquote

import httptools
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from event_platform.ingest import http_limits as bounds
from event_platform.ingest.exchange import Exchange
from event_platform.ingest.refused_connection import refuse_connection


class BoundedProtocol(HttpToolsProtocol):
    """One connection.

    Its deadline is a plain number that `end_overdue` compares once a second, because a timer for each request would
    cost more than all the rest of this.
    """

    deadline = 0.0
    _head_bytes = 0
    _unfinished_bytes = 0
    _in_head = False
    _status = HTTPStatus.BAD_REQUEST
    _refused = False
    _repeats_head = False

    def connection_made(self, transport: Any) -> None:  # noqa: ANN401 - asyncio's transport
        """A client has connected; one too many is answered 503, far too many are cut off."""
        super().connection_made(transport)
        self.deadline = self.loop.time() + bounds.HEAD_SECONDS
        excess = len(self.connections) - bounds.MAX_CONNECTIONS
        if excess > bounds.MAX_REFUSED_CONNECTIONS:
            transport.abort()
        elif excess > 0:
            self.app = refuse_connection

    def data_received(self, data: bytes) -> None:
        """Bytes of requests."""
        if self._refused:
            return
        self._unset_keepalive_if_required()
        try:
            self.parser.feed_data(data)
        except httptools.HttpParserUpgrade as upgrade:
            self._read_on(data[upgrade.args[0] :])
        except httptools.HttpParserError:
            self._refuse(self._status)
        if self._in_head:
            self._unfinished_bytes += len(data)
            if self._unfinished_bytes > bounds.MAX_HEAD_BYTES:
                self._refuse(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE)

    def _read_on(self, rest: bytes) -> None:
        """Ignore a wish for another protocol, as RFC 9110, section 7.8 allows: some clients send it with every request.

        The parser takes what follows the head for that protocol, so another one reads it, after a head that says how
        long the body is and nothing else.
        """
        framing = [pair for pair in self.headers if pair[0] in {b"content-length", b"transfer-encoding"}]
        self._repeats_head = True
        self.parser = httptools.HttpRequestParser(self)
        self.cycle.more_body = True
        self.cycle.message_event.clear()
        self.deadline = self.loop.time() + bounds.BODY_SECONDS
        head = b"".join(b"%b: %b\r\n" % pair for pair in framing)
        self.data_received(b"POST / HTTP/1.1\r\n%b\r\n" % head + rest)

    def on_message_begin(self) -> None:
        """A request's first byte has come."""
        if self._repeats_head:
            return
        super().on_message_begin()
        self._in_head = True
        self._head_bytes = self._unfinished_bytes = 0
        self.deadline = self.loop.time() + bounds.HEAD_SECONDS

    def on_header(self, name: bytes, value: bytes) -> None:
        """One header has come."""
        if self._repeats_head:
            return
        name = name.lower()
        if name == b"expect":
            self.expect_100_continue = value.lower() == b"100-continue"
        self._head_bytes += len(name) + len(value)
        self.headers.append((name, value))

    def on_headers_complete(self) -> None:
        """The head has come: become a request, unless it is out of bounds."""
        if self._repeats_head:
            self._repeats_head = False
            return
        self._in_head = False
        self._status = self._bounds_status()
        if self._status is not HTTPStatus.OK:
            raise ValueError("the head is out of bounds")
        # What the parser finds wrong from here on is wrong in the body.
        self._status = HTTPStatus.BAD_REQUEST
        self.deadline = self.loop.time() + bounds.BODY_SECONDS
        self._begin_request()

    def _begin_request(self) -> None:
        """As uvicorn does it, but with our kind of cycle, and without what other services configure."""
        version, target = self.parser.get_http_version(), httptools.parse_url(self.url)
        self.scope["method"] = self.parser.get_method().decode("ascii")
        self.scope["http_version"] = version
        self.scope["path"] = unquote(target.path.decode("ascii"))
        self.scope["raw_path"] = target.path
        self.scope["query_string"] = target.query or b""
        earlier: RequestResponseCycle | None = self.cycle
        self.cycle = self._new_cycle(version)
        if earlier is None or earlier.response_complete:
            self._start_asgi_task(self.cycle, self.app)
        else:
            self.flow.pause_reading()
            self.pipeline.appendleft((self.cycle, self.app))

    def _new_cycle(self, version: str) -> Exchange:
        return Exchange(
            scope=self.scope,
            transport=self.transport,
            flow=self.flow,
            logger=self.logger,
            access_logger=self.access_logger,
            access_log=False,
            default_headers=[],
            message_event=asyncio.Event(),
            expect_100_continue=self.expect_100_continue,
            keep_alive=version != "1.0" and self.parser.should_keep_alive(),
            on_response=self.on_response_complete,
        )

    def _bounds_status(self) -> HTTPStatus:
        """OK, or the status that refuses the head."""
        if len(self.headers) > bounds.MAX_HEADERS or self._head_bytes + len(self.url) > bounds.MAX_HEAD_BYTES:
            return HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE
        # RFC 9112, section 3.2: HTTP/1.1 has exactly one Host.
        hosts = [name for name, _ in self.headers].count(b"host")
        if hosts > 1 or (hosts == 0 and self.parser.get_http_version() != "1.0"):
            return HTTPStatus.BAD_REQUEST
        return HTTPStatus.OK

    def on_message_complete(self) -> None:
        """The body has come; waits from here on have deadlines of their own."""
        self.deadline = math.inf
        super().on_message_complete()

    def on_response_complete(self) -> None:
        """An answer has gone out: begin the next request that was sent ahead, else let the connection rest.

        This is uvicorn's own method without its timer for idle connections, which the deadline replaces.
        """
        self.deadline = self.loop.time() + bounds.IDLE_SECONDS
        self.server_state.total_requests += 1
        if self.transport.is_closing():
            return
        self.flow.resume_reading()
        if self.pipeline:
            self._start_asgi_task(*self.pipeline.pop())

    def _refuse(self, status: HTTPStatus) -> None:
        """Close the connection, after the answers that are under way, with a bare ``status`` where none is."""
        self._refused = True
        cycle: RequestResponseCycle | None = self.cycle
        if cycle is not None and not cycle.response_complete and not cycle.more_body:
            self._end_after_answers()
            return
        if cycle is None or cycle.response_complete or not (cycle.response_started or self.pipeline):
            self.transport.write(
                b"HTTP/1.1 %d %b\r\nconnection: close\r\ncontent-length: 0\r\n\r\n" % (status, status.phrase.encode())
            )
        self.transport.close()

    def _end_after_answers(self) -> None:
        self._refused = True
        self.cycle.keep_alive = False


def end_overdue(connections: Iterable[Any], now: float) -> None:
    """End the connections whose deadline is over."""
    for connection in list(connections):
        if isinstance(connection, BoundedProtocol) and connection.deadline < now:
            connection.transport.abort()
