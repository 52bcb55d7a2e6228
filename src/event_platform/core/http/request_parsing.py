"""Parses the requests of a connection, with bounds on heads, trailers and pipelining that uvicorn does not have.

A request that is refused here never reaches the application: it gets a bare 400 or 431, and its connection is closed.
"""

import asyncio
from http import HTTPStatus
from urllib.parse import unquote

import httptools
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from event_platform.core.http import request_head_validation
from event_platform.core.http.bounds import Bounds
from event_platform.core.http.flow_control import BoundedFlowControl
from event_platform.core.http.refusal import bare_response
from event_platform.core.http.response_writer import BoundedCycle


class ParsingProtocol(HttpToolsProtocol):
    """The part of a connection that turns bytes into requests.

    While a request waits behind another one of its connection, the bytes after it stay unparsed: parsed requests take a
    multiple of their bytes, and uvicorn parses pipelined requests without limit.

    Attributes:
        bounds: The limits of the service.
        deadline: When the connection is aborted, by the loop's clock.
        in_head: Whether a head has begun and is not complete.
        in_message: Whether a request has begun and its body is not complete.
    """

    bounds: Bounds
    flow: BoundedFlowControl
    deadline = 0.0
    in_head = False
    in_message = False
    _unparsed = b""
    _head_bytes = 0
    _unfinished_bytes = 0
    _status = HTTPStatus.BAD_REQUEST
    _is_refused = False
    _repeats_head = False
    _running: RequestResponseCycle | None = None

    def data_received(self, data: bytes) -> None:
        """Parse received bytes, or keep them while a request waits for the one before it."""
        if len(data) <= self.bounds.max_parse_bytes and not self._unparsed and not self.pipeline:
            self._parse(data)
        else:
            self._parse_in_turn(data)

    def _parse_in_turn(self, data: bytes) -> None:
        """Parse in small portions, and keep the rest as soon as a request waits for the one before it."""
        for start in range(0, len(data), self.bounds.max_parse_bytes):
            if self._unparsed or self.pipeline:
                self._unparsed += data[start:]
                break
            self._parse(data[start : start + self.bounds.max_parse_bytes])
        self.flow.has_unparsed_bytes = bool(self._unparsed)
        if self.flow.has_unparsed_bytes:
            self.flow.pause_reading()

    def _parse(self, data: bytes) -> None:
        if self._is_refused:
            return
        try:
            self.parser.feed_data(data)
        except httptools.HttpParserUpgrade as upgrade:
            self._ignore_upgrade(data[upgrade.args[0] :])
        except httptools.HttpParserError:
            self._refuse(self._status)
        if self.in_message:
            self._unfinished_bytes += len(data)
            if self._unfinished_bytes > self.bounds.max_unfinished_bytes:
                self._refuse(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE)

    def _ignore_upgrade(self, rest: bytes) -> None:
        """Ignore a request for another protocol (RFC 9110, section 7.8), which some clients send with every request.

        The parser takes everything after the head for that protocol. So a new parser reads the rest, after a head that
        has only the headers which frame the body.
        """
        framing = [pair for pair in self.headers if pair[0] in {b"content-length", b"transfer-encoding"}]
        self._repeats_head = True
        self.parser = httptools.HttpRequestParser(self)
        self.cycle.more_body = self.in_message = True
        self.cycle.message_event.clear()
        self.deadline = self.loop.time() + self.bounds.body_seconds
        head = b"".join(b"%b: %b\r\n" % pair for pair in framing)
        self._parse_in_turn(b"POST / HTTP/1.1\r\n%b\r\n" % head + rest)

    def on_message_begin(self) -> None:
        """Note the first byte of a request."""
        if self._repeats_head:
            return
        super().on_message_begin()
        self.in_head = self.in_message = True
        self._head_bytes = self._unfinished_bytes = 0
        self.deadline = self.loop.time() + self.bounds.head_seconds

    def on_header(self, name: bytes, value: bytes) -> None:
        """Add a header; drop trailers, which a proxy that passes the request on may not have checked."""
        if self._repeats_head or not self.in_head:
            return
        # RFC 9110, section 5.5: white space around a value is not part of it; the parser leaves it at the end.
        name, value = name.lower(), value.rstrip(b" \t")
        if name == b"expect":
            # RFC 9110, section 10.1.1: a server ignores it in an HTTP/1.0 request.
            self.expect_100_continue = value.lower() == b"100-continue" and self.parser.get_http_version() != "1.0"
        self._head_bytes += len(name) + len(value)
        self.headers.append((name, value))

    def on_headers_complete(self) -> None:
        """Validate the head and start the request."""
        if self._repeats_head:
            self._repeats_head = False
            return
        self.in_head = False
        size = self._head_bytes + max(0, len(self.url) - self.bounds.long_target_bytes)
        version = self.parser.get_http_version()
        self._status = request_head_validation.check(self.headers, size, version, self.bounds)
        if self._status is not HTTPStatus.OK:
            raise ValueError("the head is out of bounds")
        # Any error that the parser finds from here on is in the body.
        self._status = HTTPStatus.BAD_REQUEST
        self._unfinished_bytes = 0
        self.deadline = self.loop.time() + self.bounds.body_seconds
        self._begin_request()

    def _begin_request(self) -> None:
        """Start the request like uvicorn, but with `BoundedCycle` and without options that no service uses."""
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
            self._running = self._running if self.pipeline else earlier
            self.flow.pause_reading()
            self.pipeline.appendleft((self.cycle, self.app))

    def _new_cycle(self, version: str) -> BoundedCycle:
        return BoundedCycle(
            scope=self.scope,
            transport=self.transport,
            flow=self.flow,
            logger=self.logger,
            access_logger=self.access_logger,
            access_log=False,
            default_headers=self.server_state.default_headers,
            message_event=asyncio.Event(),
            expect_100_continue=self.expect_100_continue,
            keep_alive=version != "1.0" and self.parser.should_keep_alive(),
            on_response=self.on_response_complete,
        )

    def on_body(self, body: bytes) -> None:
        """Pass on a part of the body; what is between two parts is bounded like a head."""
        self._unfinished_bytes = 0
        super().on_body(body)

    def on_message_complete(self) -> None:
        """Note the end of the body: from here on the response is due, unless it has already been sent."""
        self.in_message = False
        answered = self.cycle.response_complete
        self.deadline = self.loop.time() + (self.bounds.idle_seconds if answered else self.bounds.response_seconds)
        super().on_message_complete()

    def _refuse(self, status: HTTPStatus) -> None:
        """Close the connection after pending responses, with a bare ``status`` if there are none."""
        self._is_refused = True
        cycle: RequestResponseCycle | None = self.cycle
        if cycle is not None and not cycle.response_complete and not cycle.more_body:
            cycle.keep_alive = False
            return
        if cycle is None or cycle.response_complete or not (cycle.response_started or self.pipeline):
            self.transport.write(bare_response(status))
        self.transport.close()
